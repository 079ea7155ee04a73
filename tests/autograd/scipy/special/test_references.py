"""Derivatives that differences of kernels cannot show to all digits, against mpmath's in 40 digits."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy.special")

from autograd import grad, tensor
from autograd.errors import NotDifferentiable
from autograd.scipy import special

# (name, arguments, derivatives by all of them, tolerance): SciPy's searches stop at some 1e-12
SEARCHED = [
    ("fdtridfd", (2.0, 0.3, 0.7), (0.23073238883687244196, 5.5077481342920790593, -1.1325731799028533988)),
    (
        "fdtridfd",
        (2.5, 0.34, 0.75),
        (0.33195669065575347419, 9.8472240681981937974, -2.5107878157768026945),
    ),
    (
        "fdtridfd",
        (3.0, 0.32, 0.625),
        (0.79546327805909185192, 25.129533682383669585, -9.3859450510375684826),
    ),
    ("stdtridf", (0.8, 1.1875), (21.321678027381221484, -3.1062318567721900635)),
    ("stdtridf", (0.82, 1.25), (27.082363593123212596, -3.8656188081770992237)),
    ("stdtridf", (0.81, 1.125), (38.572316328112126347, -6.5020022758285741009)),
    (
        "nrdtrisd",
        (-1.0, 0.875, 1.5),
        (-0.8693011158689333766, -9.1774528887222908867, 0.8693011158689333766),
    ),
    (
        "nrdtrisd",
        (-2.5, 0.9, 0.5),
        (-0.78030414607237899081, -10.40821106969794773, 0.78030414607237899081),
    ),
]


@pytest.mark.parametrize(("name", "args", "expected"), SEARCHED)
def test_solved_for_an_argument(name, args, expected):
    found = [grad(getattr(special, name), i)(*args) for i in range(len(args))]
    np.testing.assert_allclose(found, expected, 1e-13 if name == "nrdtrisd" else 1e-10)


# airyai(x), airybi(x), airyai(-x), airybi(-x)
AIRY = [
    (0.5, 0.23169360648083348977, 0.8542770431031554933, 0.4757280916105395888, 0.38035265975105385017),
    (
        2.25,
        0.023654658557747446207,
        4.5632058312483249406,
        0.061598658777005277517,
        -0.45392068675011730705,
    ),
]


@pytest.mark.parametrize(("x", "ai", "bi", "left", "other"), AIRY)
def test_integrals_of_airys_functions(x, ai, bi, left, other):
    """SciPy's integrals are approximations; their derivatives need none."""
    found = [grad(lambda x, i=i: special.itairy(x)[i])(x) for i in range(4)]
    np.testing.assert_allclose(found, [ai, bi, left, other], 1e-14)


# (df, t), then the derivatives of stdtr by df, by df and t, and twice by df
STUDENT = [
    (3.0, 0.0, 0.0, 0.0097329816499884881746, 0.0),
    (3.0, 0.0009765625, 9.5048692172932137683e-6, 0.0097329949355378137332, -5.8184823964923725681e-6),
    (2.5, 0.01953125, 0.00026478341211986319998, 0.0135618539856083883, -0.00019014973026323474584),
    (2.5, 0.0205078125, 0.00027802777798650382269, 0.013562613462968898847, -0.00019966100043498564808),
    (0.5, -0.0078125, -0.001202629031837661104, 0.15394906200810078792, 0.0028192326663398507055),
    (2.5, -1.5, -0.020274172298188029536, 0.0056616198149252275717, 0.014176806594908982058),
]


@pytest.mark.parametrize(("df", "t", "by_df", "mixed", "twice"), STUDENT)
def test_students_distribution_by_its_degrees_of_freedom(df, t, by_df, mixed, twice):
    slope = grad(special.stdtr)
    np.testing.assert_allclose(slope(df, t), by_df, 1e-11)
    np.testing.assert_allclose(grad(slope, 1)(df, t), mixed, 1e-11)
    np.testing.assert_allclose(grad(grad(special.stdtr, 1))(df, t), mixed, 1e-12)
    np.testing.assert_allclose(grad(slope)(df, t), twice, 1e-10)


KOLMOGOROV = [
    (0.125, -1.2894747718153876353e-30, -1.5876108765855999844e-27),
    (0.375, -0.045673250389308654954, -1.6351130790283704522),
    (0.875, -1.4526716097508912875, 2.7828574681450975739),
    (0.9375, -1.2666564812922708123, 3.1008429165368585567),
    (2.0, -0.005367402045629682826, 0.040255515322770462912),
]


@pytest.mark.parametrize(("x", "first", "second"), KOLMOGOROV)
def test_kolmogorovs_distribution(x, first, second):
    slope = grad(special.kolmogorov)
    np.testing.assert_allclose(slope(x), first, 1e-13)
    np.testing.assert_allclose(grad(slope)(x), second, 1e-12)


# By the shape parameters
BY_A = [
    (0.3, 0.01, -1.2403581253867567154, 5.1953393185070141967),
    (0.5, 3.0, -0.047240326447973750916, -0.085989868973685683982),
    (2.5, 0.7, -0.11515032062805554165, 0.1528233200039615663),
    (20.0, 30.0, -0.010966166487459576204, -0.0044627113254312905464),
    (150.0, 140.0, -0.023793726651202103188, 0.0016425984483329274444),
]
BY_A_AND_B = [
    (0.5, 0.5, 0.3, -0.64281148115728385262, 0.46874458391550545505),
    (2.0, 3.0, 0.9, -0.003720681749892343913, 0.0076195648440779690309),
    (0.2, 4.0, 0.05, -1.1310889475763002288, 0.035651972716909090118),
    (30.0, 20.0, 0.55, -0.037539577308887897945, 0.050974536193413550276),
]


@pytest.mark.parametrize(("a", "x", "first", "second"), BY_A)
def test_incomplete_gamma_by_its_shape(a, x, first, second):
    slope = grad(lambda a: special.gammainc(a, x))
    np.testing.assert_allclose(slope(a), first, 1e-12)
    np.testing.assert_allclose(grad(slope)(a), second, 1e-11)
    np.testing.assert_allclose(grad(lambda a: special.gammaincc(a, x))(a), -first, 1e-12)


@pytest.mark.parametrize(("a", "b", "x", "by_a", "by_b"), BY_A_AND_B)
def test_incomplete_beta_by_its_shapes(a, b, x, by_a, by_b):
    found = [grad(lambda a, b: special.betainc(a, b, x), i)(a, b) for i in (0, 1)]
    np.testing.assert_allclose(found, [by_a, by_b], 1e-12)


@pytest.mark.parametrize("name", ["mathieu_cem", "mathieu_modsem2"])
def test_single_precision_where_scipy_has_nan(name):
    """SciPy's own Mathieu functions of single precision are NaN; here they are those of double, rounded."""
    x = tensor(np.array([30.0, 60.0], np.float32) / 30, requires_grad=True)
    f, fp = getattr(special, name)(2, np.float32(0.5), x)
    wide = getattr(special, name)(2, 0.5, x.detach().numpy().astype(float))
    assert f.dtype == fp.dtype == np.float32
    np.testing.assert_allclose([f.detach().numpy(), fp.detach().numpy()], wide, 1e-6)


# (x, q), then the derivatives of Hurwitz' zeta by x, twice by x, and by x and q
ZETA = [
    (2.0, 1.0, -0.9375482543158437537, 1.9892802342989010234, -0.80580441738832057874),
    (1.25, 0.5, -14.382216378118822866, 129.15095426943280064, -8.7792201847950942833),
    (3.5, 2.75, -0.061869644079419762504, 0.084870191772698349439, 0.045191869790444688173),
    (20.0, 0.125, 2397432870975497936.2, 4985321505295204603.0, -3.928126313929344456e20),
]


@pytest.mark.parametrize(("x", "q", "by_x", "twice", "mixed"), ZETA)
def test_zeta_by_its_power(x, q, by_x, twice, mixed):
    slope = grad(special.zeta)
    found = [slope(x, q), grad(slope)(x, q), grad(slope, 1)(x, q), grad(grad(special.zeta, 1))(x, q)]
    np.testing.assert_allclose(found, [by_x, twice, mixed, mixed], 1e-13)


ZETA_AT_2_18J = -0.29870094795890189 + 0.047149247463352278j


def test_riemanns_zeta():
    np.testing.assert_allclose(grad(special.zeta)(2.0), -0.9375482543158437537, 1e-14)
    np.testing.assert_allclose(grad(special.zeta)(0.5), -3.9226461392091517275, 1e-12)
    with pytest.raises(NotDifferentiable, match="zeta"):
        grad(special.zeta)(-2.5)
    s = tensor(2 + 18j, requires_grad=True)  # mpmath.zeta(2 + 18j, derivative=1)
    special.zeta(s).backward(1 + 0j)
    np.testing.assert_allclose(np.conj(s.grad.numpy()), ZETA_AT_2_18J, 1e-12)

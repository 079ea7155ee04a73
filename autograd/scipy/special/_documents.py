"""What `help` says of a function: what it computes, by what it has derivatives, and an example."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from ...primitive import Primitive

# name -> (arguments, the place of that to differentiate by, the value, the derivative)
EXAMPLES: dict[str, tuple[str, int, float, float]] = {
    "gammaln": ("4.5", 0, 2.453736571, 1.388870926),
    "gamma": ("4.5", 0, 11.631728397, 16.154969393),
    "psi": ("1.0", 0, -0.577215665, 1.644934067),
    "digamma": ("1.0", 0, -0.577215665, 1.644934067),
    "polygamma": ("1, 1.0", 1, 1.644934067, -2.404113806),
    "beta": ("2.0, 3.0", 1, 0.083333333, -0.048611111),
    "betaln": ("2.0, 3.0", 1, -2.48490665, -0.583333333),
    "gammainc": ("2.0, 1.5", 1, 0.4421746, 0.33469524),
    "gammaincc": ("2.0, 1.5", 1, 0.5578254, -0.33469524),
    "gammaincinv": ("2.0, 0.5", 1, 1.67834699, 3.191648695),
    "betainc": ("2.0, 3.0, 0.5", 2, 0.6875, 1.5),
    "betaincinv": ("2.0, 3.0, 0.25", 2, 0.243022084, 0.598420681),
    "erf": ("0.5", 0, 0.520499878, 0.878782579),
    "erfc": ("0.5", 0, 0.479500122, -0.878782579),
    "erfcx": ("2.0", 0, 0.255395676, -0.106796462),
    "erfinv": ("0.5", 0, 0.476936276, 1.112584819),
    "ndtr": ("1.0", 0, 0.841344746, 0.241970725),
    "ndtri": ("0.75", 0, 0.67448975, 3.146865081),
    "log_ndtr": ("-10.0", 0, -53.231285151, 10.098093234),
    "expit": ("0.5", 0, 0.622459331, 0.235003712),
    "logit": ("0.25", 0, -1.098612289, 5.333333333),
    "log_expit": ("-2.0", 0, -2.126928011, 0.880797078),
    "xlogy": ("2.0, 3.0", 1, 2.197224577, 0.666666667),
    "xlog1py": ("2.0, 0.5", 1, 0.810930216, 1.333333333),
    "entr": ("0.5", 0, 0.34657359, -0.306852819),
    "rel_entr": ("0.5, 0.25", 1, 0.34657359, -2.0),
    "kl_div": ("0.5, 0.25", 1, 0.09657359, -1.0),
    "jv": ("1.5, 2.0", 1, 0.491293779, 0.144545803),
    "j0": ("1.0", 0, 0.765197687, -0.440050586),
    "j1": ("1.0", 0, 0.440050586, 0.325147101),
    "yv": ("0.5, 2.0", 1, 0.23478571, 0.454319709),
    "iv": ("1.0, 2.0", 1, 1.590636855, 1.484266875),
    "kv": ("1.0, 2.0", 1, 0.139865882, -0.183826814),
    "i0": ("1.0", 0, 1.266065878, 0.565159104),
    "i0e": ("1.0", 0, 0.465759608, -0.257849192),
    "k0": ("1.0", 0, 0.421024438, -0.60190723),
    "exp1": ("1.0", 0, 0.219383934, -0.367879441),
    "expi": ("1.0", 0, 1.895117816, 2.718281828),
    "hyp2f1": ("1.0, 2.0, 3.0, 0.5", 3, 1.545177444, 1.819290222),
    "ellipk": ("0.5", 0, 1.854074677, 0.847213085),
    "ellipe": ("0.5", 0, 1.350643881, -0.503430796),
    "boxcox": ("2.0, 0.5", 1, 0.828427125, 0.303662037),
    "huber": ("1.0, 2.0", 1, 1.5, 1.0),
    "owens_t": ("1.0, 0.5", 1, 0.043064691, 0.068151602),
    "stdtr": ("3.0, 1.0", 1, 0.804498891, 0.206748336),
    "fdtr": ("2.0, 3.0, 1.5", 2, 0.646446609, 0.176776695),
    "chdtr": ("3.0, 2.0", 1, 0.427593296, 0.207553749),
    "kolmogorov": ("1.0", 0, 0.269999672, -1.071948558),
    "eval_legendre": ("2, 0.5", 1, -0.125, 1.5),
    "spence": ("0.5", 0, 0.582240526, -1.386294361),
    "exprel": ("0.5", 0, 1.297442541, 0.702557459),
    "loggamma": ("2.5", 0, 0.28468287, 0.703156641),
    "rgamma": ("2.5", 0, 0.752252778, -0.528951536),
}  # fmt: skip


def signature_of(prim: Primitive) -> inspect.Signature:
    """The arguments by position, and NumPy's keywords."""
    kinds = inspect.Parameter
    names = [kinds(a, kinds.POSITIONAL_ONLY) for a in prim.arrays]
    return inspect.Signature([*names, kinds("options", kinds.VAR_KEYWORD)])


def document(name: str, prim: Primitive, refused: Sequence[str], real_only: bool) -> str:
    """The docstring, from what is declared."""
    first, _, source = prim.doc.partition("\n\n")
    head, gradient = _parted(first)
    by = [a for a in prim.arrays if a in prim.rules]
    lines = [
        f"{head}.",
        "",
        f"    {_listed(prim.arrays)}: arrays, numbers or Tensors, which broadcast; results are of SciPy's dtype.",
        f"    Gradient: by {_listed(by)}, of the dtype of the argument"
        + (f"; {gradient}." if gradient else "."),
    ]
    if prim.kinks:
        lines.append(f"    Where there is none: {prim.kinks}.")
    if refused:
        lines.append(f"    Errors: NotDifferentiable where a gradient would flow to {_listed(refused)}.")
    if real_only:
        lines.append("    Errors: NotDifferentiable for complex arguments that a gradient flows to.")
    if source:
        lines += ["", f"    {source.strip()}"]
    return "\n".join([*lines, *_example(name)]) + "\n    "


def _parted(doc: str) -> tuple[str, str]:
    """What it computes, and the formula of the derivative, if the declaration gives one."""
    head, _, gradient = doc.partition(". Gradient: ")
    gradient = gradient.rstrip(".")
    return head.rstrip("."), "" if gradient.startswith("by ") else gradient


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _example(name: str) -> list[str]:
    if name not in EXAMPLES:
        return []
    given, place, value, slope = EXAMPLES[name]
    by = f", {place}" if place else ""
    return [
        "",
        "    Example:",
        "        >>> from autograd import grad",
        f"        >>> from autograd.scipy.special import {name}",
        f"        >>> round(float({name}({given})), 9), round(float(grad({name}{by})({given})), 9)",
        f"        ({value}, {slope})",
    ]

"""The class of every public function of scipy.special that is not differentiable here."""

from __future__ import annotations

# Steps: where they change at all they jump.
CONSTANT = "gammasgn round"

# Functions of whole numbers, and makers of polynomials, nodes and zeros: no derivative exists.
COUNTS = """
    ai_zeros bei_zeros beip_zeros ber_zeros bernoulli berp_zeros bi_zeros erf_zeros euler
    factorial2 factorialk fresnel_zeros fresnelc_zeros fresnels_zeros jn_zeros jnjnp_zeros jnp_zeros
    jnyn_zeros kei_zeros keip_zeros kelvin_zeros ker_zeros kerp_zeros stirling2 y0_zeros y1_zeros
    y1p_zeros yn_zeros ynp_zeros
    legendre chebyt chebyu chebyc chebys jacobi laguerre genlaguerre hermite hermitenorm gegenbauer
    sh_legendre sh_chebyt sh_chebyu sh_jacobi assoc_laguerre
    roots_legendre roots_chebyt roots_chebyu roots_chebyc roots_chebys roots_jacobi roots_laguerre
    roots_genlaguerre roots_hermite roots_hermitenorm roots_gegenbauer roots_sh_legendre
    roots_sh_chebyt roots_sh_chebyu roots_sh_jacobi p_roots t_roots u_roots c_roots s_roots j_roots
    l_roots la_roots h_roots he_roots cg_roots ps_roots ts_roots us_roots js_roots
"""

# Smooth functions whose derivatives SciPy's functions do not give, and sequences of several orders.
REFUSED = """
    chndtridf ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc nctdtrit
    smirnov smirnovi mathieu_a mathieu_b mathieu_even_coef mathieu_odd_coef
    obl_ang1 obl_rad1 pro_ang1 pro_rad1 obl_rad2 pro_rad2 obl_ang1_cv obl_rad1_cv obl_rad2_cv pro_ang1_cv pro_rad1_cv pro_rad2_cv
    obl_cv obl_cv_seq pro_cv pro_cv_seq zetac
    lmbda lqmn lqn pbdn_seq pbdv_seq pbvv_seq riccati_jn riccati_yn
    assoc_legendre_p assoc_legendre_p_all legendre_p_all sph_harm_y_all sph_legendre_p sph_legendre_p_all
    ellip_harm ellip_harm_2 ellip_normal clpmn lpmn lpn sph_harm
"""

# Error state and error classes.
OTHERS = "geterr seterr errstate SpecialFunctionWarning SpecialFunctionError"

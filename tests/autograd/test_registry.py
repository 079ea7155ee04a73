"""Every primitive, by virtue of being registered: its value and its derivatives."""

from __future__ import annotations

import numpy as np

import autograd
from autograd.primitive import REGISTRY
from tests.support import checks
from tests.support.bundles import bundled
from tests.support.references import SPELLED_OUT
from tests.support.samples import ALL, DIFFERENTIABLE, Sample, differentiable, everything, samples_of


def test_no_primitive_escapes():
    assert {s.prim.name for s in ALL} == set(REGISTRY)
    assert {s.prim.name for s in DIFFERENTIABLE} == {
        p.name for p in REGISTRY.values() if p.is_differentiable
    }
    assert len(REGISTRY) > 100


@bundled("prim", REGISTRY.values())
def test_every_argument_with_a_derivative_is_sampled(prim):
    active = {i for s in samples_of(prim) for i in s.active}
    if prim.is_differentiable and not prim.variadic:
        assert active == {i for i in range(len(prim.arrays)) if prim.differentiable_in(i)}


def test_no_reference_outlives_its_primitive():
    assert set(SPELLED_OUT) <= set(REGISTRY)


@everything
def test_value(sample: Sample):
    checks.check_value(sample)


@differentiable
def test_first_derivatives(sample: Sample):
    checks.check_first(sample)


@differentiable
def test_second_derivatives(sample: Sample):
    checks.check_second(sample)


@differentiable
def test_adjoint_identity(sample: Sample):
    checks.check_adjoint(sample)


@differentiable
def test_forward_derivative_takes_tensors(sample: Sample):
    tangents = [np.cos(a) if i in sample.active else None for i, a in enumerate(sample.args)]
    plain = sample.forward(tangents)
    recorded = [None if t is None else autograd.tensor(t, requires_grad=True) for t in tangents]
    wrapped = sample.forward(recorded, sample.tensors())
    assert isinstance(wrapped, autograd.Tensor)
    checks.close(wrapped, plain, 1e-13, "Tensors give what arrays give")


@everything
def test_results_without_a_derivative_need_none(sample: Sample):
    out = sample.call(*sample.tensors())
    if isinstance(out, autograd.Tensor):
        assert out.requires_grad is bool(sample.prim.is_differentiable and sample.active)
    else:
        assert not sample.active

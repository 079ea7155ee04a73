"""Every primitive under those that look on: profiled alike with and without its forward, explained."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import tensor
from autograd.profiling import BACKWARD
from tests.support.checks import cotangent
from tests.support.samples import Sample, differentiable


def runs(sample: Sample):
    """The sample with all of its active arguments, and with each alone, under `detect_anomaly()`."""
    for active in {tuple(sample.active), *((i,) for i in sample.active)}:
        args = [tensor(a, requires_grad=True) if i in active else a for i, a in enumerate(sample.args)]
        with autograd.detect_anomaly(), autograd.profile() as prof:
            out = sample.call(*args)
            v = cotangent(sample).astype(out.dtype)
            leaves = [args[i] for i in active]
            gradients = autograd.gradients(out, leaves, v, retain_graph=True)
        yield out, leaves, v, gradients, prof


def steps(prof):
    return [(e.op, e.flops, e.nbytes, e.shape) for e in prof.events if e.phase == BACKWARD]


@differentiable
def test_the_work_of_a_sweep_is_known_without_the_calls(sample):
    for out, leaves, v, _, whole in runs(sample):
        with autograd.profile() as prof:
            autograd.gradients(out, leaves, v, retain_graph=True)
        assert steps(prof) == steps(whole)
        assert all(flops >= 0 and isinstance(flops, int) for _, flops, _, _ in steps(prof))


@differentiable
def test_contributions_sum_to_the_gradient(sample):
    for out, leaves, v, gradients, _ in runs(sample):
        for leaf, gradient in zip(leaves, gradients, strict=True):
            found = autograd.explain(out, leaf, gradient=v)
            assert str(found)
            total = sum(route.contribution for route in found.routes)
            np.testing.assert_allclose(total, gradient.data, rtol=1e-9, atol=1e-12)


@differentiable
def test_nothing_is_cut_off_where_all_is_differentiable(sample):
    args = sample.tensors()
    leaves = [a for a in args if isinstance(a, autograd.Tensor)]
    for leaf in leaves:
        found = autograd.explain(lambda: sample.call(*args), leaf, gradient=cotangent(sample))
        assert found.norm == 0 or not found.cuts

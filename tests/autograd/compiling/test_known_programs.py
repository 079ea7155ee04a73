"""Programs as people write them, from the literature: compiled as eager, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
import nn.functional as F
import optim
from autograd.compiling.reading.state import State
from autograd.scipy.integrate import odeint
from tests.support.compiling import plain, same


def draws(seed):
    return np.random.default_rng(seed)


def single(array):
    return array.astype(np.float32)


def mlp(*sizes, activation=nn.Tanh):
    layers = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), activation()]
    return nn.Sequential(*layers[:-1])


def gradient_penalty():
    """Two networks, two optimisers, and a gradient within a loss (WGAN-GP)."""
    generator, critic = mlp(4, 16, 2), mlp(2, 16, 1)
    of_generator, of_critic = (optim.Adam(m.parameters(), betas=(0.5, 0.9)) for m in (generator, critic))
    r = draws(1)

    def step(x, z, share):
        of_critic.zero_grad()
        fake = generator(z).detach()
        mixed = (share * x + (1 - share) * fake).requires_grad_()
        slope = autograd.gradients(critic(mixed).sum(), [mixed], create_graph=True)[0]
        penalty = ((anp.sqrt((slope**2).sum(1) + 1e-12) - 1) ** 2).mean()
        worth = critic(fake).mean() - critic(x).mean() + 10 * penalty
        worth.backward()
        of_critic.step()
        of_generator.zero_grad()
        (-critic(generator(z)).mean()).backward()
        of_generator.step()
        return worth

    def data():
        return single(r.normal(size=(8, 2))), single(r.normal(size=(8, 4))), single(r.random((8, 1)))

    return step, (generator, critic, of_generator, of_critic), data


def physics_informed():
    """Second derivatives by the input within a loss: u'' = -u, u(0) = 1."""
    model = mlp(1, 8, 8, 1).double()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    r = draws(2)

    def step(x):
        optimizer.zero_grad()
        t = autograd.tensor(x).requires_grad_()
        u = model(t)
        first = autograd.gradients(u.sum(), [t], create_graph=True)[0]
        second = autograd.gradients(first.sum(), [t], create_graph=True)[0]
        loss = ((second + u) ** 2).mean() + ((model(np.zeros((1, 1))) - 1) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step, (model, optimizer), lambda: (r.random((20, 1)),)


def variational():
    """Draws within the step, clipped gradients (VAE)."""
    encoder, decoder = nn.Linear(6, 8), nn.Linear(4, 6)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer, noise, r = optim.AdamW(parameters, lr=1e-3), draws(5), draws(3)

    def step(x):
        optimizer.zero_grad()
        hidden = encoder(x)
        mean, log_variance = hidden[:, :4], hidden[:, 4:]
        z = mean + anp.exp(0.5 * log_variance) * single(noise.standard_normal(mean.shape))
        loss = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        loss = loss - 0.5 * (1 + log_variance - mean**2 - anp.exp(log_variance)).sum()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss

    return step, (encoder, decoder, optimizer, noise), lambda: (single(r.random((5, 6))),)


def learning_to_learn():
    """Gradients through steps of gradient descent (MAML)."""
    r = draws(4)
    weights = [
        autograd.tensor(r.normal(size=s) * 0.3, requires_grad=True) for s in ((1, 8), (8,), (8, 1), (1,))
    ]
    optimizer = optim.SGD(weights, lr=1e-2)

    def loss(w, x, y):
        return ((anp.tanh(x @ w[0] + w[1]) @ w[2] + w[3] - y) ** 2).mean()

    def step(x, y, later_x, later_y):
        optimizer.zero_grad()
        total = 0
        for task in range(3):
            slopes = autograd.gradients(loss(weights, x[task], y[task]), weights, create_graph=True)
            fast = [w - 0.1 * g for w, g in zip(weights, slopes, strict=True)]
            total = total + loss(fast, later_x[task], later_y[task])
        total.backward()
        optimizer.step()
        return total

    return step, (weights, optimizer), lambda: tuple(r.normal(size=(4, 3, 5, 1)))


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after)
        self.second, self.norm2 = nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)
        self.short = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.norm2(self.second(F.relu(self.norm1(self.first(x))))) + self.short(x))


def residual_network():
    """Batch normalisation, Nesterov's momentum, decay and a schedule."""
    blocks = Residual(4, 4, 1), Residual(4, 8, 2)
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    model = nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1), *blocks, *head)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=50)
    r = draws(6)

    def step(x, y):
        model.train()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        scheduler.step()
        return loss

    state = model, optimizer, scheduler
    return step, state, lambda: (single(r.normal(size=(4, 3, 8, 8))), r.integers(0, 5, 4))


class Wings(nn.Module):
    """Down, up, and past the bottom (U-Net)."""

    def __init__(self):
        super().__init__()
        self.down, self.bottom = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.norm, self.up = nn.GroupNorm(2, 8), nn.ConvTranspose2d(8, 4, 2, 2)
        self.last = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x):
        past = F.gelu(self.down(x))
        below = F.silu(self.norm(self.bottom(F.max_pool2d(past, 2))))
        return self.last(anp.concatenate([past, self.up(below)], 1))


def segmentation():
    """The overlap of two masks as a loss."""
    model = Wings()
    optimizer, r = optim.RMSprop(model.parameters(), lr=1e-3), draws(7)

    def step(x, mask):
        optimizer.zero_grad()
        p = F.sigmoid(model(x))
        loss = F.binary_cross_entropy(p, mask) - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
        loss.backward()
        optimizer.step()
        return loss

    def data():
        return single(r.normal(size=(2, 1, 8, 8))), single(r.random((2, 1, 8, 8)) > 0.5)

    return step, (model, optimizer), data


def translation():
    """An encoder, and a decoder that is given what it should have said."""
    embed, encoder = nn.Embedding(12, 8, padding_idx=0), nn.GRU(8, 10, batch_first=True)
    cell, head = nn.GRUCell(8, 10), nn.Linear(10, 12)
    parts = nn.ModuleList([embed, encoder, cell, head])
    optimizer, r = optim.Adam(parts.parameters(), lr=1e-2), draws(8)

    def step(source, target):
        optimizer.zero_grad()
        state, loss = encoder(embed(source))[1][0], 0
        for k in range(target.shape[1] - 1):
            state = cell(embed(target[:, k]), state)
            loss = loss + F.cross_entropy(head(state), target[:, k + 1], ignore_index=0)
        loss.backward()
        nn.utils.clip_grad_value_(parts.parameters(), 0.5)
        optimizer.step()
        return loss

    return step, (parts, optimizer), lambda: (r.integers(1, 12, (3, 5)), r.integers(1, 12, (3, 4)))


def tied_language_model():
    """One weight in two places, dropout, a state that goes on."""
    embed, head = nn.Embedding(20, 8), nn.Linear(8, 20)
    recurrent = nn.LSTM(8, 8, num_layers=2, dropout=0.2, batch_first=True)
    head.weight = embed.weight
    model = nn.ModuleList([embed, recurrent, head])
    optimizer, r = optim.NAdam(model.parameters(), lr=1e-2), draws(20)

    def step(x, y, h, c):
        optimizer.zero_grad()
        out, (h, c) = recurrent(embed(x), (h, c))
        loss = F.cross_entropy(head(out).reshape(-1, 20), y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss, h.detach(), c.detach()

    def data():
        x = r.integers(0, 20, (2, 7))
        return x, np.roll(x, -1, 1), *single(r.normal(size=(2, 2, 2, 8)))

    return step, (model, optimizer), data


def proximal_policy():
    """Ratios of probabilities, clipped (PPO)."""
    policy, value = mlp(4, 16, 3), mlp(4, 16, 1)
    parameters = [*policy.parameters(), *value.parameters()]
    optimizer, r = optim.Adam(parameters, lr=3e-4, eps=1e-5), draws(14)

    def step(state, action, before, advantage, reward):
        optimizer.zero_grad()
        logs = F.log_softmax(policy(state), -1)
        ratio = anp.exp(anp.take_along_axis(logs, action[:, None], 1)[:, 0] - before)
        loss = -anp.minimum(ratio * advantage, anp.clip(ratio, 0.8, 1.2) * advantage).mean()
        loss = loss + 0.5 * F.mse_loss(value(state)[:, 0], reward) + 0.01 * (logs * anp.exp(logs)).sum()
        loss.backward()
        size = nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
        return loss, size

    def data():
        rows = single(r.normal(size=(3, 16)))
        return single(r.normal(size=(16, 4))), r.integers(0, 3, 16), rows[0] - 1, rows[1], rows[2]

    return step, (policy, value, optimizer), data


def contrast():
    """Which belongs to which, with a temperature that is learned."""
    encoder, log_scale = mlp(5, 8, 4, activation=nn.ReLU), nn.Parameter(autograd.tensor(np.float32(1.0)))
    optimizer, r = optim.Adam([*encoder.parameters(), log_scale], lr=1e-2), draws(18)

    def step(x, y):
        optimizer.zero_grad()
        x, y = (F.normalize(encoder(each), dim=-1) for each in (x, y))
        scores, pairs = x @ y.T * anp.exp(log_scale), np.arange(len(x))
        loss = (F.cross_entropy(scores, pairs) + F.cross_entropy(scores.T, pairs)) / 2
        loss.backward()
        optimizer.step()
        return loss

    return step, (encoder, log_scale, optimizer), lambda: tuple(single(r.normal(size=(2, 6, 5))))


def private_gradients():
    """The gradient of each example, cut to a length (DP-SGD)."""
    r = draws(16)

    def loss(w, b, x, y):
        return F.cross_entropy((x @ w + b)[None], y[None])

    slopes = autograd.vmap(autograd.grad(loss, (0, 1)), (None, None, 0, 0))

    def mean(w, b, x, y):
        by_w, by_b = slopes(w, b, x, y)
        cut = anp.minimum(1, 1 / anp.sqrt((by_w**2).sum((1, 2)) + (by_b**2).sum(1)))
        return (by_w * cut[:, None, None]).mean(0), (by_b * cut[:, None]).mean(0)

    return mean, (), lambda: (
        r.normal(size=(4, 3)), r.normal(size=3), r.normal(size=(6, 4)), r.integers(0, 3, 6)
    )  # fmt: skip


def gaussian_process():
    """The marginal likelihood by its parameters."""
    x = draws(9).normal(size=(12, 2))
    y, apart = np.sin(x.sum(1)), ((x[:, None] - x[None]) ** 2).sum(-1)

    def loss(t):
        k = anp.exp(t[0] - 0.5 * apart / anp.exp(2 * t[1])) + (anp.exp(t[2]) + 1e-6) * np.eye(12)
        return 0.5 * y @ anp.linalg.solve(k, y) + anp.log(anp.diag(anp.linalg.cholesky(k))).sum()

    r = draws(10)
    return autograd.value_and_grad(loss), (), lambda: (r.normal(size=3) * 0.1,)


def hamiltonian():
    """Draws, leaps along a gradient, and a choice (Hamiltonian Monte Carlo)."""
    noise, r = draws(11), draws(12)

    def log_density(q):
        return -0.5 * (q @ q) - 0.25 * (q**4).sum()

    slope = autograd.grad(log_density)

    def move(q):
        p = noise.normal(size=q.shape)
        before, x = log_density(q) - 0.5 * p @ p, q
        p = p + 0.05 * slope(x)
        for _ in range(5):
            x = x + 0.1 * p
            p = p + 0.1 * slope(x)
        after = log_density(x) - 0.5 * p @ p
        return anp.where(np.log(noise.random()) < after - before, x, q)

    return move, (noise,), lambda: (r.normal(size=4),)


def newton():
    """A step with the whole Hessian."""
    r = draws(13)

    def banana(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    def step(x):
        curved = autograd.hessian(banana)(x) + 0.1 * np.eye(len(x))
        return x - anp.linalg.solve(curved, autograd.grad(banana)(x))

    return step, (), lambda: (r.normal(size=5),)


def differential_equation():
    """Gradients by the adjoint method; SciPy's solver runs within the program."""
    r = draws(19)

    def rates(y, t, k):
        return anp.stack([k[0] * y[0] - k[1] * y[0] * y[1], -k[2] * y[1] + k[3] * y[0] * y[1]])

    def loss(k, start):
        return (odeint(rates, start, np.linspace(0, 1, 3), (k,)) ** 2).sum()

    return autograd.grad(loss, (0, 1)), (), lambda: (1 + 0.1 * r.random(4), 1 + 0.1 * r.random(2))


PROGRAMS = (
    gradient_penalty, physics_informed, variational, learning_to_learn, residual_network, segmentation,
    translation, tied_language_model, proximal_policy, contrast, private_gradients, gaussian_process,
    hamiltonian, newton, differential_equation,
)  # fmt: skip


def results(program, compiled):
    """What seven runs give, and what the state is then; and how many of them a program made."""
    nn.manual_seed(0)
    step, state, data = program()
    run = autograd.compile(step, state=state, strict=True) if compiled else step
    found = [plain(run(*data())) for _ in range(7)]
    return [*found, plain([t.detach() for t in State(state).tensors()])], run.replays if compiled else 0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_compiled_as_eager(program, numpy_alone):
    wanted, _ = results(program, compiled=False)
    found, replays = results(program, compiled=True)
    assert replays == 4
    assert same(wanted, found)

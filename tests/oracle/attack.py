#!/usr/bin/env python3
"""Attacks by other people's code on the model of tests/support/reference_model.h: writes
tests/golden/attack.txt for tests/operation/test_attack_peers.c.

    python tests/oracle/attack.py

Pinned: numpy 2.4.6, torch 2.14.1, foolbox 3.3.4, torchattacks 3.5.1.

One case per line: NAME SETTINGS NORM EPS RULE TOLERANCE VALUES... (one value per image; inf = not
fooled). Rules:
    exact     the same images are fooled, and the pixels of each example add up to the value
    count     values are 1 for images that are still right: ours are at most as many plus tolerance
    distance  each of ours is at most 1 + tolerance times theirs
    mean      over the images that they fool, our mean distance is at most 1 + tolerance times theirs
    median    our median distance is at most 1 + tolerance times theirs (for attacks that draw a lot)
    aimed     as count, for attacks at the class after the right one: 1 = not reached
Attacks that draw at random, those that only ask, and TIFGSM: attack_queries.py.
"""
import pathlib

import foolbox
import numpy as np
import torch
import torchattacks

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "attack.txt"
SIDE, CLASSES, HIDDEN, N, SEED = 6, 5, 16, 40, 5
SIZE = SIDE * SIDE


class Numbers:
    """-1 to 1 from a counter: reference_number."""

    def __init__(self, counter):
        self.counter = counter & 0xFFFFFFFF

    def __call__(self):
        h = self.counter * 2654435761 + 0x9E3779B9 & 0xFFFFFFFF
        self.counter = self.counter + 1 & 0xFFFFFFFF
        h ^= h >> 15
        h = h * 0x2C1B3C6D & 0xFFFFFFFF
        h ^= h >> 12
        h = h * 0x297A2D39 & 0xFFFFFFFF
        h ^= h >> 15
        return h / 2147483648.0 - 1.0


def network():
    number = Numbers(SEED * 100003)
    w1 = [number() for _ in range(HIDDEN * SIZE)]
    b1 = [0.3 * number() for _ in range(HIDDEN)]
    w2 = [number() for _ in range(CLASSES * HIDDEN)]
    b2 = [0.3 * number() for _ in range(CLASSES)]
    first, second = torch.nn.Linear(SIZE, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
    with torch.no_grad():
        first.weight.copy_(torch.tensor(w1, dtype=torch.float64).reshape(HIDDEN, SIZE))
        first.bias.copy_(torch.tensor(b1, dtype=torch.float64))
        second.weight.copy_(torch.tensor(w2, dtype=torch.float64).reshape(CLASSES, HIDDEN))
        second.bias.copy_(torch.tensor(b2, dtype=torch.float64))
    return torch.nn.Sequential(torch.nn.Flatten(), first, torch.nn.ReLU(), second).eval()


def images():
    number = Numbers(1000 * SEED)
    pixels = [np.floor(0.5 * (1.0 + number()) * 255.0) / 255.0 for _ in range(N * SIZE)]
    return torch.tensor(pixels, dtype=torch.float32).reshape(N, 1, SIDE, SIDE)


torch.set_num_threads(1)
NET, X = network(), images()
Y = NET(X).argmax(1)
NORMS = {"linf": float("inf"), "l2": 2, "l1": 1, "l0": 0}


def distance(found, norm):
    delta = (found - X).flatten(1)
    wrong = NET(found).argmax(1) != Y
    d = torch.linalg.vector_norm(delta.double(), NORMS[norm], dim=1)
    return torch.where(wrong, d, torch.tensor(float("inf"), dtype=torch.float64))


def line(name, settings, norm, eps, rule, tolerance, values):
    words = " ".join("inf" if np.isinf(v) else f"{v:.9g}" for v in map(float, values))
    return f"{name} {settings} {norm} {eps:g} {rule} {tolerance:g} {words}"


def exact(name, settings, norm, eps, attack):
    found = attack(foolbox.PyTorchModel(NET, bounds=(0, 1)), X, Y, epsilons=[eps])[1][0]
    wrong = NET(found).argmax(1) != Y
    sums = found.flatten(1).double().sum(1)
    values = torch.where(wrong, sums, torch.tensor(float("inf"), dtype=torch.float64))
    return line(name, settings, norm, eps, "exact", 2e-4, values)


def minimum(name, settings, norm, rule, tolerance, attack):
    torch.manual_seed(1)
    found = attack(foolbox.PyTorchModel(NET, bounds=(0, 1)), X, Y, epsilons=None)[0]
    return line(name, settings, norm, 1e-3, rule, tolerance, distance(found, norm))


def count(name, settings, norm, eps, tolerance, attack):
    torch.manual_seed(1)
    found = attack(X, Y).detach()
    limit = eps * (1 + 1e-5)
    robust = (NET(found).argmax(1) == Y) | (distance(found, norm) > limit)
    return line(name, settings, norm, eps, "count", tolerance, robust.double())


def cases():
    fa, ta = foolbox.attacks, torchattacks
    for eps in (0.03, 0.1):
        yield exact("fgsm", "-", "linf", eps, fa.LinfFastGradientAttack())
    yield exact("fgsm", "-", "l2", 0.3, fa.L2FastGradientAttack())
    yield exact("fgsm", "-", "l1", 1.5, fa.L1FastGradientAttack())
    yield minimum("ddn", "-", "l2", "mean", 0.02, fa.DDNAttack())
    yield minimum("fmn", "-", "linf", "mean", 0.02, fa.LInfFMNAttack())
    yield minimum("fmn", "-", "l2", "mean", 0.02, fa.L2FMNAttack())
    yield minimum("fmn", "-", "l1", "mean", 0.02, fa.L1FMNAttack())
    yield minimum("fmn", "-", "l0", "mean", 0.05, fa.L0FMNAttack())
    yield minimum("deepfool", "-", "l2", "distance", 0.02, fa.L2DeepFoolAttack())
    yield minimum("deepfool", "-", "linf", "distance", 0.02, fa.LinfDeepFoolAttack())
    yield minimum("carlini_wagner", "steps=500", "l2", "mean", 0.01,
                  fa.L2CarliniWagnerAttack(steps=500))
    yield minimum("ead", "steps=500,abort_early=false", "l1", "mean", 0.02,
                  fa.EADAttack(steps=500, decision_rule="L1", abort_early=False))
    for norm, name, eps in (("linf", "Linf", 0.05), ("l2", "L2", 0.25)):
        rel_step = 0.025 if norm == "linf" else 0.1
        yield count("pgd", f"steps=40,rel_step={rel_step},restarts=1", norm, eps, 1,
                    ta.PGD(NET, eps=eps, alpha=eps / 40, steps=40) if norm == "linf" else
                    ta.PGDL2(NET, eps=eps, alpha=eps / 10, steps=40))
        yield count("apgd_ce", "-", norm, eps, 1,
                    ta.APGD(NET, norm=name, eps=eps, steps=100, loss="ce"))
        yield count("apgd_dlr", "-", norm, eps, 1,
                    ta.APGD(NET, norm=name, eps=eps, steps=100, loss="dlr"))
        yield count("apgd_t", "-", norm, eps, 1,
                    ta.APGDT(NET, norm=name, eps=eps, steps=100, n_classes=CLASSES))
        yield count("square", "queries=2000", norm, eps, 1,
                    ta.Square(NET, norm=name, eps=eps, n_queries=2000, loss="margin",
                              resc_schedule=False))
        yield count("autoattack", "-", norm, eps, 1,
                    ta.AutoAttack(NET, norm=name, eps=eps, n_classes=CLASSES, seed=1))
    for norm, name in (("linf", "Linf"), ("l2", "L2")):
        # torchattacks' FAB throws away what lies beyond its eps, 8/255 by default.
        eps = 100.0 if norm == "linf" else 8 / 255
        fab = ta.FAB(NET, norm=name, eps=eps, steps=100, n_classes=CLASSES)
        torch.manual_seed(1)
        yield line("fab", "-", norm, 1e-3, "mean", 0.01, distance(fab(X, Y).detach(), norm))
    mi = ta.MIFGSM(NET, eps=0.05, alpha=0.0125, steps=10)
    ni = ta.NIFGSM(NET, eps=0.05, alpha=0.0125, steps=10)
    for name, attack in (("mi_fgsm", mi), ("ni_fgsm", ni)):
        yield count(name, "-", "linf", 0.05, 1, attack)


def main():
    assert np.__version__ == "2.4.6", np.__version__
    assert foolbox.__version__ == "3.3.4" and torchattacks.__version__ == "3.5.1"
    head = "# tests/oracle/attack.py: foolbox 3.3.4, torchattacks 3.5.1, torch " + torch.__version__
    GOLDEN.write_text("\n".join([head, *cases()]) + "\n")


if __name__ == "__main__":
    main()

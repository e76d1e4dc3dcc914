#!/usr/bin/env python3
"""Attacks that draw at random or only ask, by other people's code on the model of
tests/support/reference_model.h: writes tests/golden/attack_queries.txt for tests/operation/test_attack_peers.c.

    python tests/oracle/attack_queries.py

Pinned: numpy 2.4.6, torch 2.14.1, foolbox 3.3.4, torchattacks 3.5.1, adversarial-robustness-toolbox 1.20.1.

Lines as in tests/oracle/attack.py, with the peers' budget of queries, and two rules more:
    alike     the value of an image is the share of runs (seeds) after which it is still right; the number of
              right images, as a mean over our runs, is theirs within the tolerance, either way
    average   the same, but ours may be lower; average:N:S for gradients averaged over N calls with noise of
              standard deviation S on the image
    aimed:C   as aimed, all at the class C
The peers draw one size, one coin, one direction for the whole batch, so that one run of theirs says little:
DIFGSM leaves between 6 and 16 of 40 images right, by the luck of its coins. Means over runs do not depend on
that.
ART looks at Sign-OPT's limit once in an iteration and so asks more than it allows: where the budget matters,
ours is what theirs really asked.
"""
import os
import pathlib
import sys

import art
import foolbox
import numpy as np
import torch
import torchattacks
from art.attacks.evasion import (GeoDA, SignOPTAttack, SimBA, TargetedUniversalPerturbation,
                                 UniversalPerturbation, ZooAttack)
from art.estimators.classification import PyTorchClassifier

sys.path.insert(0, os.path.dirname(__file__))
from attack import CLASSES, N, NET, NORMS, SIDE, SIZE, X, Y, distance, line  # noqa: E402

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "attack_queries.txt"


def seed(number):
    torch.manual_seed(number)
    np.random.seed(number)


class ThreeChannels(torch.nn.Module):
    """The same net behind the mean of three channels, for code that takes colour only: each channel has a
    third of the gradient, which normalisation and sign take away again."""

    def forward(self, x):
        return NET(x.mean(1, keepdim=True))


def right(found, eps, norm="linf", inside=True):
    still = NET(found).argmax(1) == Y
    return (still | (distance(found, norm) > eps * (1 + 1e-5))).double() if inside else still.double()


def shares(name, settings, norm, eps, rule, tolerance, attack, runs):
    total = torch.zeros(N, dtype=torch.float64)
    for k in range(runs):
        seed(k + 1)
        attack.seed = k + 1  # Square and AutoAttack seed themselves
        total += right(attack(X, Y).detach(), eps, norm)
    return line(name, settings, norm, eps, rule, tolerance, total / runs)


def last_points(name, eps, attack):
    found = attack(X.repeat(1, 3, 1, 1), Y).detach()[:, :1]
    wrong = NET(found).argmax(1) != Y
    sums = found.flatten(1).double().sum(1)
    values = torch.where(wrong, sums, torch.tensor(float("inf"), dtype=torch.float64))
    return line(name, "-", "linf", eps, "exact", 2e-4, values)


def momentum():
    ta = torchattacks
    eps, step = 0.05, {"eps": 0.05, "alpha": 0.0125, "steps": 10, "decay": 1.0}
    net3 = ThreeChannels()
    yield last_points("mi_fgsm", eps, ta.MIFGSM(net3, **step))
    yield last_points("ni_fgsm", eps, ta.NIFGSM(net3, **step))
    yield last_points("ti_fgsm", eps, ta.TIFGSM(net3, **step, diversity_prob=0.0))
    yield shares("di_fgsm", "-", "linf", eps, "alike", 1.0, ta.DIFGSM(NET, **step), 200)
    yield shares("di_fgsm", "resize=0.5", "linf", eps, "alike", 1.0,
                 ta.DIFGSM(NET, **step, resize_rate=0.5), 200)
    plain = {**step, "decay": 0.0}
    yield shares("di_fgsm", "decay=0,probability=0.8", "linf", eps, "alike", 1.0,
                 ta.DIFGSM(NET, **plain, diversity_prob=0.8), 200)


class Restless(torch.nn.Module):
    """The net behind noise on its input, another one at every call."""

    def forward(self, x):
        return NET(x + 0.1 * torch.randn_like(x))


def averaged():
    """Expectation over transformations; who is left is judged without the noise."""
    for calls in (1, 10):
        attack = torchattacks.EOTPGD(Restless(), eps=0.05, alpha=0.0125, steps=10, eot_iter=calls,
                                     random_start=False)
        yield shares("pgd", "steps=10,rel_step=0.25,random_start=false", "linf", 0.05,
                     f"average:{calls}:0.1", 0.5, attack, 20)


def projected():
    # Its own loop over restarts does not know L1; a run without a random start is what it calls.
    fab = torchattacks.FAB(NET, norm="L1", eps=100.0, steps=100, n_classes=CLASSES)
    seed(1)
    yield line("fab", "-", "l1", 1e-3, "mean", 0.01,
               distance(fab.attack_single_run(X, Y, use_rand_start=False).detach(), "l1"))
    fab.multi_targeted = True
    best = torch.full((N,), float("inf"), dtype=torch.float64)
    for rank in range(2, CLASSES + 1):
        fab.target_class = rank
        found = fab.attack_single_run_targeted(X, Y, use_rand_start=False)
        best = torch.minimum(best, distance(found.detach(), "l1"))
    yield line("fab_t", "-", "l1", 1e-3, "mean", 0.01, best)


def scores():
    ta = torchattacks
    # nb_sample pairs of queries
    yield shares("spsa", "steps=10,samples=64", "linf", 0.05, "average", 0.5,
                 ta.SPSA(NET, eps=0.05, nb_iter=10, nb_sample=32, max_batch_size=32), 20)
    yield shares("one_pixel", "steps=30,population=90", "l0", 1, "average", 0.5,
                 ta.OnePixel(NET, pixels=1, steps=30, popsize=90), 5)
    gen = foolbox.attacks.GenAttack(steps=100, population=10)
    total = torch.zeros(N, dtype=torch.float64)
    goal = (Y + 1) % CLASSES
    for k in range(10):
        seed(k + 1)
        found = gen(foolbox.PyTorchModel(NET, bounds=(0, 1)), X,
                    foolbox.criteria.TargetedMisclassification(goal), epsilons=[0.1])[1][0]
        total += ((NET(found).argmax(1) != goal) | ((found - X).abs().flatten(1).amax(1) > 0.100001)).double()
    yield line("genattack", "steps=100,population=10", "linf", 0.1, "aimed", 0.5, total / 10)
    art_net = classifier()
    zoo = ZooAttack(art_net, learning_rate=1e-2, max_iter=100, binary_search_steps=3, initial_const=0.01,
                    use_resize=False, use_importance=False, nb_parallel=SIZE, variable_h=1e-4,
                    verbose=False)
    yield art_distance("zoo", f"coordinates={SIZE}", "l2", zoo, 0.02)


def coordinates():
    for basis, kind in (("waves", "dct"), ("pixels", "px")):
        simba = SimBA(classifier(torch.nn.Softmax(1)), attack=kind, epsilon=0.2, max_iter=3000,
                      freq_dim=SIDE, stride=SIDE, verbose=False)
        yield art_distance("simba", f"basis={basis},frequencies=1", "l2", simba, 0.05, 5, np.eye(CLASSES)[Y])


def classifier(*end):
    return PyTorchClassifier(torch.nn.Sequential(NET, *end), loss=torch.nn.CrossEntropyLoss(), input_shape=(1, SIDE, SIDE),
                             nb_classes=CLASSES, clip_values=(0.0, 1.0), device_type="cpu")


def art_distance(name, settings, norm, attack, tolerance, runs=1, labels=None, margin=0.0, rule="median"):
    """margin: points that lie on the frontier itself, a tie of two logits, count within it."""
    values = []
    for k in range(runs):
        seed(k + 1)
        found = attack.generate(X.numpy(), Y.numpy() if labels is None else labels)
        found = torch.tensor(found, dtype=torch.float32)
        d = torch.linalg.vector_norm((found - X).flatten(1).double(), NORMS[norm], dim=1)
        z = NET(found).detach()
        lead = z.gather(1, Y[:, None])[:, 0] - z.scatter(1, Y[:, None], -torch.inf).amax(1)
        values.append(torch.where(lead < margin, d, torch.inf))
    return line(name, settings, norm, 1e-3, rule, tolerance, torch.stack(values).median(0)[0])


def classes_only():
    fa = foolbox.attacks
    model = foolbox.PyTorchModel(NET, bounds=(0, 1))

    def nearest(name, settings, norm, tolerance, attack):
        seed(1)
        found = attack(model, X, Y, epsilons=None)[0]
        return line(name, settings, norm, 1e-3, "median", tolerance, distance(found, norm))

    yield nearest("boundary", "steps=5000", "l2", 0.02, fa.BoundaryAttack(steps=5000))
    yield nearest("hopskipjump", "steps=30,queries=1000000", "l2", 0.02,
                  fa.HopSkipJumpAttack(steps=30))
    yield nearest("hopskipjump", "steps=30,queries=1000000", "linf", 0.02,
                  fa.HopSkipJumpAttack(steps=30, constraint="linf"))
    yield nearest("pointwise", "-", "l0", 0.0, fa.PointwiseAttack(l2_binary_search=False))
    art_net = classifier()
    for norm, order in (("l2", 2), ("linf", np.inf)):
        geoda = GeoDA(art_net, norm=order, sub_dim=SIDE, max_iter=4000, bin_search_tol=1e-4,
                      verbose=False)
        yield art_distance("geoda", f"frequencies={SIDE}", norm, geoda, 0.02)


def squares():
    """Alone, on the way and at its end, and within AutoAttack; one run of either says little."""
    ta = torchattacks
    for norm, name, eps, runs in (("l2", "L2", 0.25, 40), ("linf", "Linf", 0.05, 60)):
        for queries in (100, 2000):
            yield shares("square", f"queries={queries}", norm, eps, "alike", 1.0,
                         ta.Square(NET, norm=name, eps=eps, n_queries=queries, loss="margin",
                                   resc_schedule=False), runs)
    for norm, name, eps in (("l2", "L2", 0.25), ("linf", "Linf", 0.05)):
        total = torch.zeros(N, dtype=torch.float64)
        for k in range(20):
            seed(k + 1)
            attack = ta.AutoAttack(NET, norm=name, eps=eps, n_classes=CLASSES, seed=k + 1)
            total += right(attack(X, Y).detach(), eps, norm)
        yield line("autoattack", "-", norm, eps, "alike", 0.5, total / 20)


def turning():
    """Converged, and on the way, where a slow search shows."""
    yield art_distance("sign_opt", "-", "l2",
                       SignOPTAttack(classifier(), targeted=False, query_limit=20000, verbose=False), 0.02,
                       margin=1e-4, rule="mean")
    for limit in (600, 1000):
        net = classifier()
        predict, asked = net.predict, []

        def counted(x, **options):
            asked.append(len(x))
            return predict(x, **options)

        net.predict = counted
        attack = SignOPTAttack(net, targeted=False, query_limit=limit, verbose=False)
        found = art_distance("sign_opt", "QUERIES", "l2", attack, 0.02, margin=1e-4, rule="mean")
        yield found.replace("QUERIES", f"queries={sum(asked) // N}")


def universal():
    art_net = classifier()
    for norm, order, eps in (("linf", np.inf, 0.1), ("l2", 2, 0.5)):
        seed(1)
        found = UniversalPerturbation(art_net, attacker="deepfool", delta=0.0, max_iter=20, eps=eps,
                                      norm=order, verbose=False).generate(X.numpy(), Y.numpy())
        yield line("universal", "-", norm, eps, "count", 0,
                   right(torch.tensor(found), eps, norm, False))
        seed(1)
        goal = np.eye(CLASSES)[np.full(N, 2)]
        found = TargetedUniversalPerturbation(art_net, attacker="fgsm", delta=0.0, max_iter=20, eps=eps,
                                              norm=order, attacker_params={"eps": eps, "norm": order}
                                              ).generate(X.numpy(), goal)
        missed = NET(torch.tensor(found)).argmax(1) != 2
        yield line("universal", "-", norm, eps, "aimed:2", 0, missed.double())


def main():
    assert np.__version__ == "2.4.6", np.__version__
    assert foolbox.__version__ == "3.3.4" and torchattacks.__version__ == "3.5.1"
    assert art.__version__ == "1.20.1", art.__version__
    head = ("# tests/oracle/attack_queries.py: foolbox 3.3.4, torchattacks 3.5.1, "
            f"adversarial-robustness-toolbox 1.20.1, torch {torch.__version__}")
    parts = (momentum, averaged, projected, scores, coordinates, classes_only, turning, squares, universal)
    lines = [head]
    for part in parts:
        if len(sys.argv) > 1 and part.__name__ not in sys.argv[1:]:
            continue
        for text in part():
            print(text[:60], flush=True)
            lines.append(text)
    # The parts do not depend on each other: named ones are written beside, to be put together.
    name = ".".join([GOLDEN.name, *sys.argv[1:]])
    GOLDEN.with_name(name).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

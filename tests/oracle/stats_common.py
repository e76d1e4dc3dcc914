"""What the oracles of src/stats share: golden lines "name count argument... value", and the data that
the C tests make in the same way (tests/unit/stats/golden_functions.h)."""
import os


class Golden:
    def __init__(self):
        self.lines = []

    def add(self, name, arguments, value):
        self.lines.append(" ".join([name, str(len(arguments))]
                                   + [repr(float(a)) for a in arguments] + [repr(float(value))]))

    def write(self, name, versions):
        path = os.path.join(os.path.dirname(__file__), "..", "golden", name + ".txt")
        with open(path, "w", encoding="utf-8") as file:
            print(f"# written by oracle/{name}.py: {versions}", file=file)
            print("\n".join(self.lines), file=file)


class Sequence:
    """Small whole numbers from a linear congruential generator."""

    def __init__(self, seed):
        self.state = seed

    def next(self, limit):
        self.state = (1103515245 * self.state + 12345) % 2**31
        return (self.state >> 8) % limit

    def take(self, count, limit):
        return [self.next(limit) for _ in range(count)]

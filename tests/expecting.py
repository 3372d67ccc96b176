"""expecting.py: what the checks of the command line share: what was expected and is not so."""

failures = []


def expect(what, good, more=""):
    """Notes `what` where it is not good, with the beginning of what was there instead."""
    if not good:
        failures.append(f"{what} {str(more)[:800]}".rstrip())

from .titles import TITLES


def books() -> list[str]:
    return sorted(TITLES)

"""Which of the packages can be run."""

import importlib.util


def has_program(package: str) -> bool:
    """Whether ``python -m package`` has something to run."""
    try:
        return importlib.util.find_spec(f"{package}.__main__") is not None
    except ModuleNotFoundError:
        return False

"""Contracts and dashboard: npm packages and builds, with the Node of the Python environment."""

from context import Context, digest

SOURCE = "the npm registry"


def is_present(context: Context, folder: str) -> bool:
    """Whether the folder has something to build."""
    return (context.root / folder / "package.json").exists()


def npm_inputs(context: Context, folder: str) -> str:
    """The list of npm packages."""
    here = context.root / folder
    return digest(context.root, [here / "package.json", here / "package-lock.json"])


BROUGHT = {"frontend": ("blockchain/abi", "blockchain/verify")}
"""What a build takes from other folders."""


def build_inputs(context: Context, folder: str) -> str:
    """All hand-written files of the folder, and those that its build brings in."""
    return digest(context.root, [context.root / one for one in (folder, *BROUGHT.get(folder, ()))])


def install(context: Context, folder: str) -> None:
    """What the lock file says, hashes checked; the lock file itself is left alone.

    Not ``npm ci``: it refuses a lock file without the builds for other systems, which not every registry has.
    """
    quiet = ["--no-save", "--no-audit", "--no-fund", "--no-progress"]
    context.call(
        f"npm-{folder.replace('/', '-')}", ["npm", "install", *quiet], source=SOURCE, cwd=context.root / folder
    )


def build(context: Context, folder: str) -> None:
    """``npm run build``."""
    context.call(f"build-{folder.replace('/', '-')}", ["npm", "run", "build"], cwd=context.root / folder)

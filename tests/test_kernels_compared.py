"""Every kernel of the house is compared with its compiled self somewhere."""

import importlib
import pkgutil
import re

from collections.abc import Callable
from pathlib import Path
from typing import Any

from market.features import FEATURES
from market.kernel import KERNELS, reached
from strategies.registry import BUILT_IN

ROOMS = ("market", "brokers", "regimes", "strategies", "runtime")


def all_kernels() -> list[Callable[..., Any]]:
    """Return every kernel of the rooms a decision passes through; those of drives are held against the core."""
    for room in ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            if not module.name.startswith("brokers.mt5"):
                importlib.import_module(module.name)
    return [f for f in KERNELS if f.__module__.split(".")[0] in ROOMS]


def registered() -> list[Callable[..., Any]]:
    """Return the kernels that are compared through a register: features and built-in strategies."""
    return [f.step for f in FEATURES.values()] + [kind().step for kind in BUILT_IN.values()]


def compared_names() -> str:
    """Return the text of every test that runs kernels both ways."""
    files = Path(__file__).parent.rglob("test_*.py")
    texts = (file.read_text(encoding="utf-8") for file in files if file.name != Path(__file__).name)
    return "\n".join(text for text in texts if "tests.kernels import" in text)


def test_every_public_kernel_is_compared_with_its_compiled_self() -> None:
    """No kernel reaches a decision without a test that holds its two selves against each other."""
    text = compared_names()
    kernels = all_kernels()

    named = [f for f in kernels if re.search(rf"\b{f.__name__}\b", text)]
    covered = {f.__qualname__ for f in reached([*named, *registered()])}

    assert [] == sorted(f.__qualname__ for f in kernels if f.__qualname__ not in covered)

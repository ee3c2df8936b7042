"""The levels under Gymnasium's names, and the two ways to make them without."""

from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode

from chrysalis import _native
from chrysalis.environment import Environment
from chrysalis.spaces import Actions
from chrysalis.vector_environment import VectorEnvironment


def make(
    level: str,
    *,
    actions: Actions = "small",
    render_mode: str | None = None,
    **settings: Any,
) -> Environment:
    """One environment, as `gymnasium.make("chrysalis/LEVEL-v0", ...)` makes it but without wrappers.

    level: a name of `chrysalis.levels()`, `map:FILE` for a text map, or `dmlab:LEVEL` for one of DM Lab's.
    The rest as for `Environment`.
    """
    return Environment(level, actions=actions, render_mode=render_mode, **settings)


def make_vec(
    level: str,
    num_envs: int,
    *,
    workers: int = 0,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    actions: Actions = "small",
    **settings: Any,
) -> VectorEnvironment:
    """`num_envs` environments of a level, stepped at once in C++. The arguments are those of
    `VectorEnvironment`."""
    return VectorEnvironment(
        level,
        num_envs,
        workers=workers,
        autoreset_mode=autoreset_mode,
        actions=actions,
        **settings,
    )


def register() -> None:
    """Makes every level of the catalog known to Gymnasium as `chrysalis/LEVEL-v0`, and any level, text maps
    and DM Lab's among them, as `chrysalis/level-v0` with the argument `level`. Importing chrysalis does
    it."""
    known = {name: {"level": name} for name, _ in _native.levels()}
    for name, arguments in {**known, "level": {}}.items():
        gymnasium.register(
            id=f"chrysalis/{name}-v0",
            entry_point="chrysalis.environment:Environment",
            vector_entry_point="chrysalis.vector_environment:VectorEnvironment",
            kwargs=arguments,
        )

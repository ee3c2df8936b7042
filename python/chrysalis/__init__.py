"""First-person worlds for Gymnasium, and agents that were trained in them.

>>> import gymnasium, chrysalis
>>> env = gymnasium.make("chrysalis/seek_apples-v0")
>>> envs = chrysalis.make_vec("seek_apples", num_envs=64)
>>> agent = chrysalis.Agent.load("runs/seek_apples")
>>> returns = chrysalis.Run("runs/seek_apples").episodes()

docs/python.md is the manual.
"""

from chrysalis._native import levels as _levels
from chrysalis.agent import Agent, AgentState
from chrysalis.environment import Environment
from chrysalis.registration import make, make_vec, register
from chrysalis.run import Run
from chrysalis.vector_environment import VectorEnvironment

__all__ = [
    "Agent",
    "AgentState",
    "Environment",
    "Run",
    "VectorEnvironment",
    "levels",
    "make",
    "make_vec",
]


def levels() -> dict[str, str]:
    """Each level of the catalog by name, with one line about it."""
    return dict(_levels())


register()

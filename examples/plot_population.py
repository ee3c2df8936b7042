"""Plots a run's members over agent steps: returns, and what its population tunes.

pip install '.[runs]' matplotlib
python examples/plot_population.py RUN population.png
"""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import chrysalis

run = chrysalis.Run(sys.argv[1])
out = sys.argv[2] if len(sys.argv) > 2 else "population.png"
updates, episodes, decisions = run.updates(), run.episodes(), run.decisions()
print(f"{run}: {len(run.members())} members, {len(updates):,} updates, {len(episodes):,} episodes")

# Episodes are counted at updates; these are agent steps.
steps = updates.set_index(["member", "update_number"])["agent_steps"]
ends = episodes.set_index(["member", "ended_at_update"]).index
episodes["trained_on"] = steps.reindex(ends).to_numpy()

curves = ["alpha", "learning_rate", "entropy_cost"]
curves = [curve for curve in curves if updates[curve].notna().any()]
figure, axes = plt.subplots(1 + len(curves), figsize=(9, 3 * (1 + len(curves))), sharex=True)
axes = [axes] if not curves else list(axes)
for member, of_member in episodes.groupby("member"):
    means = of_member["episode_return"].rolling(50, min_periods=10).mean()
    axes[0].plot(of_member["trained_on"], means, label=f"member {member}")
for curve, axis in zip(curves, axes[1:], strict=True):
    for member, of_member in updates.groupby("member"):
        axis.plot(of_member["agent_steps"], of_member[curve])
    axis.set_ylabel(curve.replace("_", " "))
    if curve != "alpha":
        axis.set_yscale("log")
copies = decisions[decisions["outcome"] == "copied"]
for agent_steps in copies["agent_steps"]:
    for axis in axes:
        axis.axvline(agent_steps, color="black", alpha=0.15, linewidth=0.8)
axes[0].set_ylabel("return, mean of 50")
axes[0].legend(fontsize="small")
axes[-1].set_xlabel("agent steps of each member; lines are copies")
figure.tight_layout()
figure.savefig(out, dpi=120)
print(f"{len(copies)} copies among {len(decisions)} decisions; wrote {out}")

"""What a run recorded, read by pandas and by the public safetensors package."""

import os
import sqlite3

import numpy as np
import pandas
import pytest
from safetensors.numpy import load_file

import chrysalis


def test_gives_frames(run):
    read = chrysalis.Run(run)
    assert read.config()["agent"]["hidden"] == 16
    assert read.members()["member"].tolist() == [0, 1, 2]
    episodes = read.episodes()
    assert isinstance(episodes, pandas.DataFrame) and len(episodes) == 9
    assert episodes.groupby("member")["episode_return"].mean().tolist() == [1, 11, 21]
    assert read.episodes(member=1)["episode_return"].tolist() == [10, 11, 12]
    updates = read.updates()
    assert updates["agent_steps"].tolist() == [3200] * 3 and updates["loss"].tolist() == [0.5] * 3
    assert np.isnan(updates["transfer_loss"]).all()
    decisions = read.decisions(member=2)
    assert decisions["outcome"].tolist() == ["kept"]
    assert decisions["own_returns"][0] == [1.0, 2.0]
    assert decisions["changes"][0] == [{"path": "learner.learning_rate", "before": 1e-3, "after": 2e-3}]
    assert len(read.scores()) == 0 and len(read.evaluations()) == 0
    assert str(run) in repr(read)


def test_reads_beside_a_writer(run):
    read = chrysalis.Run(str(run))
    writer = sqlite3.connect(run / "run.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE episodes SET episode_return = 100 WHERE member = 0")
    assert read.episodes(member=0)["episode_return"].tolist() == [0, 1, 2]
    writer.execute("COMMIT")
    assert read.episodes(member=0)["episode_return"].tolist() == [100] * 3
    writer.close()


def test_never_leaves_out_what_is_in_the_log(run, monkeypatch):
    """Where a database's log may not be read, the database alone is an older one."""
    connect = sqlite3.connect

    def refuse(uri, **options):
        if "mode=ro" in uri:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(uri, **options)

    read = chrysalis.Run(run)
    with monkeypatch.context() as refused:
        refused.setattr(sqlite3, "connect", refuse)
        assert len(read.checkpoints()) == 3  # No log: nobody writes.
    writer = connect(run / "run.sqlite", isolation_level=None)
    writer.execute("UPDATE episodes SET episode_return = 100")
    assert (run / "run.sqlite-wal").exists()
    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(OSError, match="unable to open"):
        read.checkpoints()
    writer.close()


def test_writes_nothing(run, tmp_path):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    read = chrysalis.Run(run)
    read.episodes()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        read._connect().execute("DELETE FROM episodes")
    assert {path: path.read_bytes() for path in before} == before


def test_checkpoints_open_with_the_public_package(run):
    read = chrysalis.Run(run)
    rows = read.checkpoints()
    assert rows["state"].tolist() == ["kept"] * 3
    agent = chrysalis.Agent.load(run, member=1)
    row = rows[rows["member"] == 1].iloc[0]
    assert row["name"] == agent.checkpoint
    tensors = load_file(read.path / row["path"] / "state.safetensors")
    assert tensors["torso.conv1.weight"].shape == (4, 3, 8, 8)
    assert tensors["core.recurrent_weight"].shape == (64, 16)
    assert tensors["policy.weight"].dtype == np.float32 and tensors["weights.alpha"].dtype == np.float64
    # The first draw, as weight_layout.h says it: uniform, of variance 1 / fan_in.
    assert 0.8 < tensors["torso.conv1.weight"].std() * np.sqrt(192) < 1.2


def test_says_what_is_no_run(run, tmp_path):
    with pytest.raises(ValueError, match="not a run: expected a directory with run.sqlite"):
        chrysalis.Run(tmp_path)
    (tmp_path / "run.sqlite").write_text("no database at all, but long enough to look at " * 100)
    with pytest.raises(ValueError, match="not a database"):
        chrysalis.Run(tmp_path)
    (tmp_path / "run.sqlite").unlink()
    sqlite3.connect(tmp_path / "run.sqlite").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(ValueError, match="not the database of a run"):
        chrysalis.Run(tmp_path)
    for version in (1, 99):
        sqlite3.connect(run / "run.sqlite").execute(f"PRAGMA user_version = {version}").connection.close()
        with pytest.raises(ValueError, match=f"its tables have version {version}: expected 3"):
            chrysalis.Run(run)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_says_what_the_disk_does_not_let(run):
    (run / "run.sqlite").chmod(0)
    with pytest.raises(OSError, match="unable to open"):
        chrysalis.Run(run)

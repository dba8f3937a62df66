"""A programme of sessions goes on from run to run."""

from pathlib import Path

from imu_stream.cli.speaking import say
from imu_stream.config.file import load_config, save_config
from imu_stream.cueing.schedule import Programme
from imu_stream.errors import ConfigError


def go_on(path: Path, done: Programme, running_s: float) -> None:
    """Remember that a session of the programme has been run; a failure is told and survived.

    The config is read anew: the user may have edited it during the run.
    """
    if done.session == 0:
        return
    try:
        config = load_config(path)
        after = config.after_session(done, running_s)
        if after != config:
            save_config(path, after)
    except ConfigError as error:
        say(f"{error}; set cues.programme.session by hand", "programme:", "bold yellow")
        return
    ran = f"session {done.session}: {running_s / 60.0:.0f} of {done.minutes:g} min run"
    say(f"{ran}; next is session {after.cues.programme.session}", "programme:")

"""Fixtures of the tests that run in the virtual machine; `.ci/bluez/run` starts it."""

import pytest
from world import World

pytest.register_assert_rewrite("streams")


@pytest.fixture(scope="session")
def world() -> World:
    return World()

"""What tests of training share."""
import numba
import pytest


@pytest.fixture
def threads():
    """One thread, which a busy machine does not hold up; call it to have another number for this test."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield numba.set_num_threads
    numba.set_num_threads(before)

"""Files of machine code: an index and what it leads to, each with a digest, so that a damaged one counts as missing.

A changed byte of machine code would be run as it is. Nothing that is wrong with a file is an error: the kernel is
compiled, and its files written anew.
"""
import pickle
from hashlib import sha256

from numba.core.caching import IndexDataCacheFile

from toolkit._core.threads import start_threads

__all__ = ["CacheFiles"]

_DIGEST = sha256().digest_size
_THREADS = b"numba_parallel_for"  # what machine code names that needs Numba's threads


class CacheFiles(IndexDataCacheFile):
    """An index and its files of machine code, each under a name made from its key.

    Numba counts them: two processes that compile at the same time give one name to two kernels, and each may then run
    the other's machine code.

    What is not there is looked for in the folder `given`, if that is another one, and never written there.
    """

    def __init__(self, folder, base, stamp, given=None):
        super().__init__(folder, base, stamp)
        self._given = CacheFiles(given, base, stamp) if given not in (None, folder) else None

    def load(self, key):
        return super().load(key) or (self._given and self._given.load(key))

    def save(self, key, data):
        number = int.from_bytes(sha256(self._dump((self._source_stamp, key))).digest()[:8])
        name = self._data_name(number)
        self._save_data(name, data)
        self._save_index(self._load_index() | {key: name})

    def _load_index(self):
        try:
            version, rest = pickle.loads(_read(self._index_path))
            stamp, names = pickle.loads(rest) if version == self._version else (None, {})
        except Exception:  # whatever a file of another time or place makes unpickling say
            return {}
        return names if stamp == self._source_stamp else {}

    def _save_index(self, names):
        self._write(self._index_path, (self._version, self._dump((self._source_stamp, names))))

    def _load_data(self, name):
        data = _read(self._data_path(name))
        if _THREADS in data:
            start_threads()
        return pickle.loads(data)

    def _save_data(self, name, data):
        self._write(self._data_path(name), data)

    def _write(self, path, what):
        data = self._dump(what)
        with self._open_for_write(path) as file:
            file.write(sha256(data).digest() + data)


def _read(path):
    """What `_write` wrote; raises OSError where there is no such thing."""
    with open(path, "rb") as file:
        digest, data = file.read(_DIGEST), file.read()
    if sha256(data).digest() != digest:
        raise OSError(f"{path}: damaged")
    return data

"""The log's derived rows: a Parquet file for each session, made anew from it at any time.

A file holds one row for each version that has derived the session, so that old and new numbers can
be told apart. What is no such file is as good as none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from imu_stream.afterwards.training_log.rows import SessionRow
from imu_stream.errors import MissingExtraError, RecordingError
from imu_stream.whole_file import write_whole

if TYPE_CHECKING:
    import pyarrow

FOLDER = "derived"
"""Within the folder of sessions."""
_LARGEST_FILE = 1_000_000
_MOST_ROWS = 100


class DerivedRows:
    """Reads and writes the rows of the sessions of one folder.

    Raises:
        MissingExtraError: the log's packages are not installed.
    """

    def __init__(self, sessions: Path) -> None:
        self.folder = sessions / FOLDER
        self._arrow = _arrow()

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def of(self, name: str) -> tuple[SessionRow, ...]:
        """All versions' rows of a session, the newest derived last; none when there is no file."""
        path = self.path(name)
        try:
            if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
                return ()
            table = self._parquet.read_table(path, schema=self.schema)
            if table.num_rows > _MOST_ROWS:
                return ()
            rows = [SessionRow(**row) for row in table.to_pylist()]
        except (OSError, self._arrow.ArrowException, TypeError, UnicodeDecodeError):
            return ()
        return tuple(row for row in rows if row.name == name)

    def put(self, row: SessionRow) -> None:
        """Keep a row in the place of the same version's, after those of others.

        Raises:
            RecordingError: it cannot be written.
        """
        version = row.software, row.definitions
        others = [r for r in self.of(row.name) if (r.software, r.definitions) != version]
        self._write(self.path(row.name), [*others[-_MOST_ROWS + 1 :], row])

    def table(self, rows: Iterable[SessionRow]) -> "pyarrow.Table":
        """Rows as an Arrow table."""
        return self._arrow.Table.from_pylist([asdict(row) for row in rows], schema=self.schema)

    @property
    def schema(self) -> "pyarrow.Schema":
        """A column for each field; what may be None may be null."""
        hints = get_type_hints(SessionRow)
        columns = [self._column(each.name, hints[each.name]) for each in fields(SessionRow)]
        return self._arrow.schema(columns)

    def _column(self, name: str, kind: Any) -> "pyarrow.Field":
        nullable = isinstance(kind, UnionType)
        plain = next(k for k in get_args(kind) if k is not type(None)) if nullable else kind
        arrow = self._arrow
        types = {
            str: arrow.string(),
            int: arrow.int64(),
            float: arrow.float64(),
            bool: arrow.bool_(),
        }
        return arrow.field(name, types[plain], nullable)

    @property
    def _parquet(self) -> Any:
        from pyarrow import parquet

        return parquet

    def _write(self, path: Path, rows: Sequence[SessionRow]) -> None:
        content = BytesIO()
        self._parquet.write_table(self.table(rows), content)
        try:
            write_whole(path, content.getvalue())
        except OSError as error:
            raise RecordingError(path, f"cannot be written: {error.strerror or error}") from None


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingExtraError("the training log", "log") from None
    return pyarrow

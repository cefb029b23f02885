"""Generates gen/: the Python stubs, their types and one descriptor image, from protos/ alone.

Nothing is fetched: protoc comes from the grpcio-tools wheel, the sources of google.rpc from googleapis-common-protos,
and the descriptor of buf/validate/validate.proto from the very protovalidate that checks requests at run time.
"""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
GEN = ROOT / "gen"
IMAGE = "contactpoint.binpb"
DIGEST = ".inputs"
VALIDATE = "buf/validate/validate.proto"
_GENERATORS = ("grpcio-tools", "protobuf", "protovalidate", "mypy-protobuf", "googleapis-common-protos")
# FileDescriptorProto field 8042, {is_import: true}: what makes a FileDescriptorSet one of buf's images.
_BUF_IMPORT_MARK = b"\xd2\xf6\x03\x02\x08\x01"


def main() -> int:
    """Bring gen/ up to date and return the exit status."""
    GEN.mkdir(exist_ok=True)
    with (GEN / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _digest_of_inputs()
        stamp = GEN / DIGEST
        if stamp.exists() and stamp.read_text() == digest:
            return 0
        stamp.unlink(missing_ok=True)
        # Beside gen/ and not in /tmp, so that each file can be moved into place in one step.
        with tempfile.TemporaryDirectory(prefix=".gen-", dir=ROOT) as made:
            status = _generate(Path(made))
            if status == 0:
                _replace_contents(Path(made))
                stamp.write_text(digest)
        return status


def _proto_names() -> list[str]:
    return sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))


def _digest_of_inputs() -> str:
    inputs = hashlib.sha256(Path(__file__).read_bytes())
    for package in _GENERATORS:
        inputs.update(f"{package} {version(package)}\n".encode())
    for name in _proto_names():
        source = (PROTOS / name).read_bytes()
        inputs.update(f"{name} {hashlib.sha256(source).hexdigest()}\n".encode())
    return inputs.hexdigest() + "\n"


def _generate(out: Path) -> int:
    names = _proto_names()
    validate_set = out / "validate.set"
    validate_set.write_bytes(_validate_descriptors().SerializeToString())
    scripts = Path(sysconfig.get_path("scripts"))
    status = _protoc(
        f"--proto_path={PROTOS}",
        f"--proto_path={_folder_of('grpc_tools') / '_proto'}",
        f"--proto_path={_folder_of('google.rpc').parent.parent}",
        f"--descriptor_set_in={validate_set}",
        f"--plugin=protoc-gen-mypy={scripts / 'protoc-gen-mypy'}",
        f"--plugin=protoc-gen-mypy_grpc={scripts / 'protoc-gen-mypy_grpc'}",
        f"--python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--grpc_python_out={out}",
        f"--mypy_grpc_out=quiet,only_sync:{out}",
        f"--descriptor_set_out={out / IMAGE}",
        "--include_imports",
        "--include_source_info",
        VALIDATE,
        *names,
    )
    validate_set.unlink()
    if status:
        return status
    for path in _needless(out):
        path.unlink()
    (out / IMAGE).write_bytes(_as_buf_image((out / IMAGE).read_bytes(), frozenset(names)))
    sys.stdout.write(f"generated gen/ from {len(names)} protos\n")
    return 0


def _protoc(*arguments: str) -> int:
    # A process of its own: protoc in ours would see the descriptors that we have loaded.
    return subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], check=False).returncode


def _validate_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """Return validate.proto as the installed protovalidate has it, with what it imports."""
    files = descriptor_pb2.FileDescriptorSet()
    for imported in (descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2):
        files.file.add().ParseFromString(imported.DESCRIPTOR.serialized_pb)
    files.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return files


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = f"{package} is not installed: run `make setup`"
        raise SystemExit(message)
    return Path(next(iter(spec.submodule_search_locations)))


def _needless(out: Path) -> Iterator[Path]:
    """Yield the gRPC stubs of files that have no service."""
    for stub in out.rglob("*_pb2_grpc.py"):
        if "Servicer" not in stub.read_text():
            yield stub
            types = stub.with_suffix(".pyi")
            if types.exists():
                yield types


def _as_buf_image(image: bytes, ours: Iterable[str]) -> bytes:
    """Mark what we only import, so that `buf lint` and `buf breaking` look at our files alone."""
    marked = bytearray()
    for file in descriptor_pb2.FileDescriptorSet.FromString(image).file:
        content = file.SerializeToString(deterministic=True) + (b"" if file.name in ours else _BUF_IMPORT_MARK)
        marked += b"\x0a" + _varint(len(content)) + content
    return bytes(marked)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte is what a varint is
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _replace_contents(made: Path) -> None:
    """Move what changed into gen/ file by file: a test run that is reading gen/ never meets a missing module."""
    fresh = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    for name in sorted(fresh):
        target = GEN / name
        if not target.exists() or target.read_bytes() != (made / name).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            (made / name).replace(target)
    for path in sorted(GEN.rglob("*"), reverse=True):
        name = path.relative_to(GEN)
        if path.is_dir():
            if path.name == "__pycache__":
                shutil.rmtree(path)
            elif not any(path.iterdir()):
                path.rmdir()
        elif name not in fresh and path.suffix in {".py", ".pyi", ".binpb"}:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())

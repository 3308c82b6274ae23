"""E08xx: files, imports and targets: what the shells meet before there is a spec to read."""

from __future__ import annotations

from archdsl.diagnostic import Error, Help


class FileRefused(Exception):
    """A file can't be read or written. Where an import asked for it, the elaborator adds the import's place."""

    def __init__(self, error: Error, helps: tuple[Help, ...] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.helps = helps


class FileMissing(Error):
    """There is no file of that name.

    A target is written `FILE` or `FILE:NAME`; paths are relative to the current folder. An import's path is relative
    to the file that imports.

    Example:
        import "comon.arch"

    Mend: correct the path, or create the file.
    """

    path: str

    code = "E0801"
    title = "there is no file `{path}`"
    label = "not found"


class NotAFile(Error):
    """The path names something that isn't a plain file: a folder, a pipe, a device.

    Only plain files are opened, so that reading always ends. To read from a pipe, name `-`, which is standard input.

    Example:
        archdsl check specs/

    Mend: name the `.arch` file itself, or pipe into `archdsl check -`.
    """

    path: str
    kind: str
    """a folder, a pipe, a device, ..."""

    code = "E0802"
    title = "`{path}` is {kind}, not a file"
    label = "not a plain file"


class FileUnreadable(Error):
    """The system refuses to open or read the file, and says why.

    Example:
        archdsl check /root/secret.arch

    Mend: what the reason asks for; often the file's permissions.
    """

    path: str
    reason: str

    code = "E0803"
    title = "cannot read `{path}`: {reason}"
    label = "asked for here"


class NotUtf8(Error):
    """The file holds bytes that aren't UTF-8.

    Specs are UTF-8 text. The place shown is the first byte that can't be read.

    Mend: save the file as UTF-8 without other encodings in it, for example with
    `iconv -f latin1 -t utf-8 old.arch > new.arch`.
    """

    path: str
    byte: int
    offset: int

    code = "E0804"
    title = "`{path}` is not UTF-8: byte 0x{byte:02x} at offset {offset:,}"
    label = "this byte"


class FileTooLarge(Error):
    """The file is larger than the limit on bytes; no more than that was read.

    Example:
        archdsl check --max-bytes 1000 resnet.arch

    Mend: split the spec with `import`, or raise the limit with `--max-bytes`.
    """

    path: str
    allowed: int

    code = "E0805"
    title = "`{path}` is larger than {allowed:,} bytes"
    label = "too large"
    help = "raise the limit with `--max-bytes`, or split the file with `import`"


class ImportOutside(Error):
    """An import leaves the folder of the file named on the command line.

    A spec reads nothing outside the folder that it lies in: no absolute path, no `..` out of it, no symbolic link out
    of it. So a spec from elsewhere can be compiled without looking at anything else of yours.

    Example:
        import "../../other/blocks.arch"

    Mend: copy the file into the spec's folder, or name a spec on the command line that lies further up.
    """

    path: str
    reason: str
    """it is absolute, it climbs out with `..`, it is a symbolic link out of it, ..."""

    code = "E0806"
    title = "the import `{path}` leaves the folder of the spec: {reason}"
    label = "outside"
    help = "copy that file into the spec's folder"


class ImportCycle(Error):
    """Files import one another in a circle.

    Example:
        # a.arch
        import "b.arch"
        # b.arch
        import "a.arch"

    Mend: move what both need into a third file.
    """

    chain: str
    """a.arch -> b.arch -> a.arch"""

    code = "E0807"
    title = "import cycle: {chain}"
    label = "closes the circle"
    help = "move what both files need into a third one"


class NoSuchTarget(Error):
    """The file has no network or variant of that name.

    Example:
        archdsl check resnet.arch:resnet19

    Mend: name one that the file declares.
    """

    name: str
    known: str
    """what the file has, ready to read"""

    code = "E0808"
    title = "there is no network or variant `{name}` in this file"
    label = "it has {known}"


class NoNetwork(Error):
    """The file declares no network, so there is nothing to compile.

    A file of blocks alone can be imported and checked, but compiles to nothing.

    Example:
        block unit(width) { conv(width, 3x3, pad=1) -> relu }

    Mend: add a `network`, or name the file that has one.
    """

    code = "E0809"
    title = "this file has no network"
    label = "nothing to compile"
    help = "add `network NAME { input x: [N, ...] ... }`"


class SeveralNetworks(Error):
    """The file has more than one network, and no name says which is meant.

    Example:
        archdsl compile nets.arch

    Mend: add the name: `archdsl compile nets.arch:small`.
    """

    names: str

    code = "E0810"
    title = "this file has several networks: {names}"
    label = "which one?"
    help = "add its name behind a colon: FILE:NAME"


class NotGenerated(Error):
    """The file to be written exists and was not generated by archdsl.

    Files that archdsl wrote begin with a line that says so; those are replaced. Any other file may be your own work,
    so it is kept unless `--force` is given.

    Example:
        archdsl compile resnet.arch -o train.py

    Mend: choose another name with `-o`, or add `--force` if that file may go.
    """

    path: str

    code = "E0811"
    title = "`{path}` exists and was not generated by archdsl"
    label = "kept as it is"
    help = "choose another name with `-o`, or overwrite it with `--force`"


class FileUnwritable(Error):
    """The file can't be written, and the system says why. Nothing was changed.

    Example:
        archdsl compile resnet.arch -o /no/such/folder/resnet.py

    Mend: what the reason asks for: often a folder that doesn't exist, or its permissions.
    """

    path: str
    reason: str

    code = "E0812"
    title = "cannot write `{path}`: {reason}"
    label = "to be written"


class BadSetting(Error):
    """A `--set` that isn't `name=value`.

    The name is a parameter of the network, the value any expression of the language.

    Example:
        archdsl compile resnet.arch --set "depths = [3, 4, 23, 3]" --set classes=10

    Mend: write `--set name=value`, in quotes if the value has spaces or brackets.
    """

    text: str

    code = "E0813"
    title = "`--set {text}` is not `name=value`"
    label = "expected a name, `=` and a value"

"""Makes random Protocol Buffers messages with Python's own implementation, and reads what another made of them.

    random_messages.py make SEED COUNT FILE     writes COUNT messages
    random_messages.py compare FILE ANSWER      fails unless ANSWER has the same messages, in whatever encoding

A file is a sequence of records: the message's type, its content as text, and its bytes, each with its length in four
bytes, big-endian, in front. The text is canonical: two messages with the same content have the same text.
"""

import math
import pathlib
import random
import struct
import sys
import tempfile

from grpc_tools import protoc

PROTOS = pathlib.Path(__file__).resolve().parents[1] / "Protos"

with tempfile.TemporaryDirectory() as generated:
    files = [str(file) for file in sorted(PROTOS.glob("**/*.proto"))]
    if protoc.main(["protoc", f"--proto_path={PROTOS}", f"--python_out={generated}", *files]) != 0:
        sys.exit(f"protoc could not generate code from {PROTOS}")
    sys.path.insert(0, generated)
    from fixtures.v1 import everything_pb2

PACKAGE = "fixtures.v1."
TYPES = ["Scalars", "Optionals", "Lists", "UnpackedLists", "Choices", "Maps", "Nested", "Everything"]
# Types with no message in a oneof: protobuf-c does not merge those when they come twice.
MERGEABLE = {"Scalars", "Optionals", "Lists", "UnpackedLists", "Maps"}
# What one type's bytes may be read as, too: unknown fields are skipped, and either form of a list is understood.
READABLE_AS = {"Scalars": "Narrow", "Lists": "UnpackedLists", "UnpackedLists": "Lists"}


class RandomMessages:
    """Fills messages from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, depth=0):
        for field in message.DESCRIPTOR.fields:
            # Deep in the tree there is little, so that messages end.
            if self.random.random() < (0.3, 0.6, 0.9)[min(depth, 2)]:
                continue
            self.set(message, field, depth)
        return message

    def set(self, message, field, depth):
        if field.message_type and field.message_type.GetOptions().map_entry:
            self.fill_map(getattr(message, field.name), field.message_type, depth)
        elif field.is_repeated:
            values = getattr(message, field.name)
            for _ in range(self.random.choice([0, 1, 2, 3, 40])):
                if field.message_type:
                    self.fill(values.add(), depth + 1)
                else:
                    values.append(self.value(field))
        elif field.message_type:
            part = getattr(message, field.name)
            part.SetInParent()
            self.fill(part, depth + 1)
        else:
            setattr(message, field.name, self.value(field))

    def fill_map(self, entries, entry, depth):
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        for _ in range(self.random.choice([0, 1, 2, 9])):
            if value.message_type:
                self.fill(entries[self.value(key)], depth + 1)
            else:
                entries[self.value(key)] = self.value(value)

    def value(self, field):
        kind = field.type
        if kind in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
            return self.number(kind == field.TYPE_FLOAT)
        if kind == field.TYPE_BOOL:
            return self.random.random() < 0.5
        if kind == field.TYPE_STRING:
            return self.text()
        if kind == field.TYPE_BYTES:
            return self.random.randbytes(self.size())
        if kind in (field.TYPE_UINT32, field.TYPE_FIXED32):
            return self.integer(0, 2**32 - 1)
        if kind in (field.TYPE_UINT64, field.TYPE_FIXED64):
            return self.integer(0, 2**64 - 1)
        if kind in (field.TYPE_INT64, field.TYPE_SINT64, field.TYPE_SFIXED64):
            return self.integer(-(2**63), 2**63 - 1)
        # The enums among them keep numbers that have no name.
        return self.integer(-(2**31), 2**31 - 1)

    def integer(self, least, greatest):
        edges = [least, greatest, least + 1, greatest - 1, 0, 1, 127, 128, 16383, 16384]
        any_number = self.random.randint(least, greatest)
        few_bits = max(least, min(greatest, self.random.getrandbits(self.random.randint(1, 64))))
        return self.random.choice([self.random.choice(edges), any_number, few_bits])

    def number(self, is_single):
        if self.random.random() < 0.5:
            return self.random.choice([0.0, -0.0, 1.5, math.inf, -math.inf, math.nan])
        number = self.random.uniform(-1e30, 1e30)
        return struct.unpack("f", struct.pack("f", number))[0] if is_single else number

    def size(self):
        return self.random.choice([0, 1, 2, 15, 16, 127, 128, 300])

    def text(self):
        alphabet = ["a", "Z", " ", "\0", "\n", "é", "ß", "你", "吗", "\u200d", "\U0001f600", "\U0010ffff", "\ufeff"]
        return "".join(self.random.choices(alphabet, k=self.size()))


def canonical(message):
    """The content of a message as text: each property with its value, in the order of their names."""
    properties = {}
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof and not oneof.name.startswith("_"):
            properties.setdefault(camel(oneof.name), "-")
            if message.WhichOneof(oneof.name) == field.name:
                value = scalar(field, getattr(message, field.name))
                properties[camel(oneof.name)] = f"{camel(field.name)}({value})"
        elif field.has_presence and not message.HasField(field.name):
            properties[camel(field.name)] = "-"
        else:
            properties[camel(field.name)] = value_of(field, getattr(message, field.name))
    return "{" + ",".join(f"{name}:{properties[name]}" for name in sorted(properties)) + "}"


def value_of(field, value):
    if field.message_type and field.message_type.GetOptions().map_entry:
        key_field, value_field = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        entries = (f"{scalar(key_field, key)}={scalar(value_field, value[key])}" for key in value)
        return "<" + ";".join(sorted(entries)) + ">"
    if field.is_repeated:
        return "[" + ",".join(scalar(field, element) for element in value) + "]"
    return scalar(field, value)


def scalar(field, value):
    if field.message_type:
        return canonical(value)
    if field.type == field.TYPE_STRING:
        return "s" + value.encode().hex()
    if field.type == field.TYPE_BYTES:
        return "b" + value.hex()
    if field.type == field.TYPE_BOOL:
        return str(value).lower()
    if field.type == field.TYPE_ENUM:
        return f"e{value}"
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        layout = ">f" if field.type == field.TYPE_FLOAT else ">d"
        return "nan" if math.isnan(value) else "f" + struct.pack(layout, value).hex()
    return str(value)


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def parse(name, data):
    message = getattr(everything_pb2, name)()
    message.ParseFromString(data)
    return message


def make(seed, count, path):
    source = RandomMessages(seed)
    with open(path, "wb") as file:
        for index in range(count):
            name = TYPES[index % len(TYPES)]
            data = source.fill(getattr(everything_pb2, name)()).SerializeToString()
            if name in MERGEABLE and source.random.random() < 0.2:
                # Two messages in a row are one, merged.
                data += source.fill(getattr(everything_pb2, name)()).SerializeToString()
            if source.random.random() < 0.2:
                name = READABLE_AS.get(name, name)
            for part in (name.encode(), canonical(parse(name, data)).encode(), data):
                file.write(struct.pack(">I", len(part)) + part)


def records(path):
    data = pathlib.Path(path).read_bytes()
    parts, offset = [], 0
    while offset < len(data):
        (size,) = struct.unpack_from(">I", data, offset)
        parts.append(data[offset + 4 : offset + 4 + size])
        offset += 4 + size
    return list(zip(parts[0::3], parts[1::3], parts[2::3], strict=True))


def compare(path, answer_path):
    expected, answers = records(path), records(answer_path)
    if len(expected) != len(answers):
        sys.exit(f"{len(answers)} messages came back of {len(expected)}")
    for index, ((name, text, _), (answer_name, _, data)) in enumerate(zip(expected, answers)):
        if name != answer_name:
            sys.exit(f"message {index} came back as {answer_name.decode()}, it was {name.decode()}")
        answered = canonical(parse(name.decode(), data))
        if answered != text.decode():
            sys.exit(f"message {index}, {name.decode()}, came back different:\n{text.decode()}\n{answered}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", seed, count, path]:
            make(int(seed), int(count), path)
        case ["compare", path, answer_path]:
            compare(path, answer_path)
        case _:
            sys.exit(__doc__)

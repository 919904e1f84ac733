"""CRCs bit by bit, in base64 as S3 wants them; slow, but independent of the code under test."""
import base64
import zlib

_tables = {}


def _table(width, polynomial):
    if (width, polynomial) not in _tables:
        table = []
        for value in range(256):
            for _ in range(8):
                value = (value >> 1) ^ (polynomial if value & 1 else 0)
            table.append(value)
        _tables[(width, polynomial)] = table
    return _tables[(width, polynomial)]


def _crc(width, polynomial, data):
    table = _table(width, polynomial)
    register = (1 << width) - 1
    for byte in data:
        register = table[(register ^ byte) & 0xFF] ^ (register >> 8)
    register ^= (1 << width) - 1
    return base64.b64encode(register.to_bytes(width // 8, "big")).decode()


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def crc32c(data):
    return _crc(32, 0x82F63B78, data)


def crc64nvme(data):
    return _crc(64, 0x9A6C9329AC4BC9B5, data)

"""Writes what Python's text codecs are, unit by unit: python3 scripts/python-codecs.py FOLDER [CODEC...]

A unit is a run of bytes that decodes by itself: FOLDER/CODEC.json maps each one, in hex, to its text, and
FOLDER/aliases.json the names of encodings to codecs. python-codecs.js makes the asset of them.
"""
import codecs
import encodings
import json
import pkgutil
import sys
from encodings.aliases import aliases
from itertools import product

folder = sys.argv[1]
# Not made of units, not for text, or of tables that no detector of encodings ever names.
OTHERS = set(
    "aliases base64_codec bz2_codec hex_codec quopri_codec rot_13 uu_codec zlib_codec charmap idna mbcs oem palmos punycode "
    "raw_unicode_escape undefined unicode_escape utf_7 utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le "
    "ascii hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr "
    "johab euc_jis_2004 euc_jisx0213 shift_jis_2004 shift_jisx0213".split()
)


def text(unit, codec):
    try:
        return unit.decode(codec)
    except UnicodeError:
        return None


def units(codec):
    alone = [byte for byte in range(256) if text(bytes([byte]), codec) is not None]
    leads = sorted(set(range(256)) - set(alone))
    yield from (bytes([byte]) for byte in alone)
    yield from (bytes(pair) for pair in product(leads, range(256)))
    if codec == "euc_jp":
        yield from (bytes([0x8F, *pair]) for pair in product(range(256), repeat=2))
    if codec == "gb18030":
        yield from (bytes(four) for four in product(range(0x81, 0xFF), range(0x30, 0x3A), range(0x81, 0xFF), range(0x30, 0x3A)))


names = sys.argv[2:] or sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} - OTHERS)
for codec in names:
    table = {unit.hex(): decoded for unit in units(codec) if (decoded := text(unit, codec)) is not None}
    with open(f"{folder}/{codec}.json", "w") as file:
        json.dump(table, file)
with open(f"{folder}/aliases.json", "w") as file:
    json.dump(aliases, file)
print(sys.version.split()[0], len(names), "codecs")

"""Random bytes and what Python makes of them: python3 scripts/python-decoded.py COUNT SEED > test/fixtures/python-decoded.json"""
import json
import random
import sys

count, seed = (int(argument) for argument in sys.argv[1:])
random.seed(seed)
UNICODE = "utf_8 utf_8_sig utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be ascii".split()
SEVEN_BIT = "hz iso2022_jp iso2022_kr".split()
TABLES = "big5 big5hkscs cp950 gbk gb2312 gb18030 shift_jis cp932 euc_jp euc_kr cp949 cp1252 cp1255 iso8859_8 tis_620 mac_roman koi8_r".split()
ESCAPES = rb"\x1b(B \x1b(J \x1b$B \x1b$@ \x1b$(B \x1b$)C \x0e \x0f \n \x1b(I \x1b$(D \x1bX \x1b[1m \x1b ~{ ~} ~~ ~\n ~".decode("unicode_escape").encode("latin1").split(b" ")
MARKS = [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xed\xa0\x80", b"\xef\xbf\xbd", b"\xef\xbf\xbe", b"\0\xd8", b"\0"]
LETTERS = "日本語テスト中文字한국어αβγ①ёЖ・―～¥‾「」，。éß שלום ไทย𝄞"


def part(codec):
    kind = random.randrange(10)
    if kind < 3:
        return random.choice(ESCAPES if codec in SEVEN_BIT else MARKS if codec in UNICODE else [bytes([random.randrange(256)])])
    if kind < 6:
        return "".join(random.choices(LETTERS, k=3)).encode(codec, "ignore")
    if kind < 8:
        return bytes(random.randrange(0x21, 0x7F) for _ in range(random.choice([2, 2, 4, 1])))
    return b"a \n\\~"


lines = []
for _ in range(count):
    codec = random.choice(UNICODE + SEVEN_BIT + TABLES)
    data = b"".join(part(codec) for _ in range(random.randrange(1, 7)))
    try:
        text = data.decode(codec)
    except UnicodeError:
        text = None
    lines.append(json.dumps([codec, data.hex(), text]))
print("[\n" + ",\n".join(lines) + "\n]")

"""Writes tests/codice_fiscale.tsv: codes and whether they are codici fiscali, as PyPI python-codicefiscale judges them.

    pip install python-codicefiscale==0.12.1 && python3 tests/codice_fiscale.py > tests/codice_fiscale.tsv

Every birthplace is Z999 or of that form, which no comune and no country has, so that no code is a living person's.
The oracle looks birthplaces up and refuses unknown ones; it is therefore asked about the same code at Rome (H501),
with that code's own check character, and its check character is compared for the code written out.
"""

import itertools
import random

from codicefiscale import codicefiscale as oracle

MONTHS = "ABCDEHLMPRST"
OMOCODIA = "LMNPQRSTUV"
DIGITS = [6, 7, 9, 10, 12, 13, 14]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def judged(code: str) -> bool:
    """The oracle's verdict, with a birthplace it knows in the place of the synthetic one."""
    code = code.upper()
    if len(code) != 16 or not code.isascii() or not code.isalnum():
        return False
    own = oracle.encode_cin(code) if all(c.isalnum() for c in code) else None
    at_rome = code[:11] + "H501"
    # Omocodia in the birthplace is kept where it is.
    at_rome = at_rome[:12] + "".join(
        OMOCODIA[int(known)] if given.isalpha() else known for given, known in zip(code[12:15], "501")
    )
    return own == code[15] and oracle.is_valid(at_rome + oracle.encode_cin(at_rome))


def code(random_: random.Random, day: int, month: str, year: int) -> str:
    names = "".join(random_.choice("BCDFGLMNPRSTVZ") for _ in range(6))
    return f"{names}{year:02d}{month}{day:02d}Z999"


def omocodia(random_: random.Random, body: str) -> str:
    places = random_.sample(DIGITS, random_.randint(1, 7))
    return "".join(OMOCODIA[int(c)] if i in places and c.isdigit() else c for i, c in enumerate(body))


def main() -> None:
    random_ = random.Random(20261122)
    print("# code, and whether it is a codice fiscale; made by tests/codice_fiscale.py")
    rows = []
    for month, woman in itertools.product(MONTHS, (0, 40)):
        for day in (1, 15, 28, 29, 30, 31, 32, 0):
            body = code(random_, day + woman, month, random_.randint(0, 99))
            rows.append(body + oracle.encode_cin(body))
            changed = omocodia(random_, body)
            rows.append(changed + oracle.encode_cin(changed))
    for _ in range(80):
        body = code(random_, random_.randint(1, 28), random_.choice(MONTHS), random_.randint(0, 99))
        right = oracle.encode_cin(body)
        rows.append(body + random_.choice([letter for letter in LETTERS if letter != right]))
        rows.append((body + right).lower())
        rows.append(body + right + "X")
        rows.append(body[:-1] + right)
        place = random_.randrange(16)
        rows.append((body + right)[:place] + random_.choice(LETTERS + "0123456789") + (body + right)[place + 1 :])
    for row in rows:
        print(f"{row}\t{'yes' if judged(row) else 'no'}")


if __name__ == "__main__":
    main()

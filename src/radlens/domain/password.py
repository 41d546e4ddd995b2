"""Which passwords are accepted: NIST SP 800-63B, section 5.1.1.2.

Long, not among those that are guessed first, nothing made of the account's own name; no rules about
kinds of characters, no changes by the calendar.
"""

import unicodedata

from radlens.domain.errors import WeakPassword

SHORTEST, LONGEST = 12, 1024  # the longest only bounds the work of hashing
FEWEST = 5  # different characters
# What guessing begins with, without the digits and signs that are put around it.
COMMON = frozenset(
    """
    password passwort passw0rd p@ssword p@ssw0rd motdepasse letmein welcome changeme trustno
    qwerty qwertyui qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfghjkl qazwsxedc zxcvbnm
    iloveyou iloveyouforever sunshine princess football baseball basketball superman batman
    admin administrator adminpassword administratorpassword root secret secretpassword
    mypassword thepassword hospital radiology radiologist clinician radlens localhost
    abcdefgh abcdefghijkl abcdefghijklm correcthorsebatterystaple whatever computer internet
    """.split()  # noqa: SIM905 (a list that can be read)
)
RUNS = ("01234567890123456789", "98765432109876543210", "qwertyuiopasdfghjklzxcvbnm")


def accepted(password: str, name: str) -> str:
    """The password as it is hashed; raises WeakPassword with what is wrong with it.

    ``name`` is the account's. Spaces and any characters count; composed and decomposed letters
    are the same password.
    """
    proper = normal(password)
    # Counted before and after: one sign may stand for a whole phrase.
    if min(len(password), len(proper)) < SHORTEST:
        raise WeakPassword(f"A password has at least {SHORTEST} characters.")
    if len(proper) > LONGEST:
        raise WeakPassword(f"A password has at most {LONGEST} characters.")
    folded = proper.casefold()
    if len(set(folded)) < FEWEST or any(folded in run for run in RUNS):
        raise WeakPassword("The password repeats or counts few characters.")
    if not _rest(folded, name.casefold()):
        raise WeakPassword("The password is the account's own name.")
    if any(not _rest(folded, word) for word in COMMON):
        raise WeakPassword("The password is one of the commonest.")
    return proper


def normal(password: str) -> str:
    """The password in one of the forms that look alike (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _rest(folded: str, word: str) -> str:
    """The letters that are left when a word, digits and signs are taken away."""
    return "".join(filter(str.isalpha, folded.replace(word, ""))) if word else folded

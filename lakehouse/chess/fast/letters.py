"""The bytes that PGN, SAN and FEN are written with, by name. They are plain integers, constants to a kernel."""

from __future__ import annotations

NEWLINE, RETURN, SPACE, TAB = b"\n\r \t"
OPEN_BRACE, CLOSE_BRACE, OPEN_PARENTHESIS, CLOSE_PARENTHESIS, OPEN_BRACKET, CLOSE_BRACKET = b"{}()[]"
QUOTE, BACKSLASH, PERCENT, SEMICOLON, DOLLAR, STAR = b'"\\%;$*'
DASH, SLASH, DOT, COLON, COMMA, EQUALS, PLUS, HASH, AT_SIGN, TILDE = b"-/.:,=+#@~"
EXCLAMATION, QUESTION = b"!?"
DIGIT_0, DIGIT_1, DIGIT_2, DIGIT_3, DIGIT_8, DIGIT_9 = b"012389"
LETTER_A, LETTER_B, LETTER_H, LETTER_W, LETTER_X = b"abhwx"
CAPITAL_A, CAPITAL_K, CAPITAL_O, CAPITAL_Q = b"AKOQ"
TO_LOWER = ord("a") - ord("A")
"""From a capital to its small letter."""
FIRST_NON_ASCII = 0x80
MARK_0, MARK_1, MARK_2 = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

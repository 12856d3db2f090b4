"""Which functions look at one row, and give the same for it whenever they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import Any

from pyspark.sql import functions

from lakehouse.pipelines.declare.expressions.tokens import Token, follows_dot, is_call, names, tokens_of

__all__ = ["KEYWORDS", "is_by_row", "why_not_by_row", "why_other_rows", "why_varying", "why_varying_code"]

AGGREGATES = names(
    """
    any any_value approx_count_distinct approx_percentile approx_top_k approx_top_k_accumulate
    approx_top_k_combine array_agg avg bit_and bit_or bit_xor bitmap_and_agg bitmap_construct_agg
    bitmap_or_agg bool_and bool_or collect_list collect_set corr count count_distinct count_if
    count_min_sketch covar_pop covar_samp every first first_value grouping grouping_id histogram_numeric
    hll_sketch_agg hll_union_agg kll_merge_agg_bigint kll_merge_agg_double kll_merge_agg_float
    kll_sketch_agg_bigint kll_sketch_agg_double kll_sketch_agg_float kurtosis last last_value listagg max
    max_by mean measure median min min_by mode percentile percentile_approx percentile_cont percentile_disc
    product regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    skewness some std stddev stddev_pop stddev_samp string_agg sum sum_distinct theta_intersection_agg
    theta_sketch_agg theta_union_agg try_avg try_sum tuple_intersection_agg_double
    tuple_intersection_agg_integer tuple_sketch_agg_double tuple_sketch_agg_integer tuple_union_agg_double
    tuple_union_agg_integer var_pop var_samp variance vector_avg vector_sum
    """
)
"""Spark's functions of a whole group."""

WINDOWS = names("cume_dist dense_rank lag lead nth_value ntile percent_rank rank row_number")

VARYING = names(
    """
    curdate current_catalog current_database current_date current_path current_schema current_time
    current_timestamp current_timezone current_user input_file_block_length input_file_block_start
    input_file_name java_method localtimestamp monotonically_increasing_id now rand randn random randstr
    reflect session_user shuffle spark_partition_id try_reflect uniform unix_timestamp user uuid version
    """
)
"""Functions that give another value at another time, or in another run."""

_WITHOUT_PARENTHESES = names(
    "current_catalog current_date current_time current_timestamp current_user localtimestamp session_user"
)

_OF_WINDOWS = frozenset({"session_window", "window", "window_time"})
"""A row may fall into several windows, and a session depends on its neighbours."""

_AFTER_LIKE = names("any some")
"""Aggregates whose names also stand behind LIKE."""

KEYWORDS = names(
    """
    all and array as asc between bigint binary boolean both by byte case cast char date day days dec decimal
    desc distinct div double else end escape false float for from hour hours if ilike in int integer
    interval is leading like long map microsecond milliseconds minute minutes month months not null numeric
    or quarter real regexp rlike second seconds short similar smallint string struct then timestamp
    timestamp_ltz timestamp_ntz tinyint to trailing true try_cast unknown varchar week weeks when year years
    """
)
"""Words that are neither a function nor a column, types and units included."""

_NOT_OF_SQL = names("broadcast call_function call_udf col column expr lit pandas_udf udf udtf")


def is_by_row(name: str) -> bool:
    """Say whether a call of ``name`` surely looks at one row alone, and gives the same for it at any time."""
    name = name.lower()
    if name in AGGREGATES | WINDOWS | VARYING | _OF_WINDOWS | _NOT_OF_SQL:
        return False
    return name in KEYWORDS or callable(getattr(functions, name, None))


def why_varying(text: str) -> str | None:
    """Say what in the expression gives something else at another time, or reads other rows; None when nothing does."""
    tokens = tokens_of(text)
    if tokens is None:
        return "has comments or raw texts, which are not looked into"
    for position, token in enumerate(tokens):
        if token.kind != "word" or follows_dot(tokens, position):
            continue
        if token.lower == "select":
            return "holds a query of its own"
        called = is_call(tokens, position) or token.lower in _WITHOUT_PARENTHESES
        if called and token.lower in VARYING | _OF_WINDOWS:
            return f"calls {token.lower}, which depends on more than the row"
    return None


def why_not_by_row(text: str) -> str | None:
    """Say why the expression may look beyond its row; None when it surely doesn't."""
    if (varies := why_varying(text)) is not None:
        return varies
    tokens = tokens_of(text) or ()
    for position, token in enumerate(tokens):
        if _is_over(tokens, position):
            return f"has {token.text.upper()}, which looks at several rows"
        if is_call(tokens, position) and (follows_dot(tokens, position) or not is_by_row(token.text)):
            return f"calls {token.text}, which may look at several rows"
        if token.kind == "quoted" and position + 1 < len(tokens) and tokens[position + 1].text == "(":
            return f"calls {token.text}, which may look at several rows"
    return None


def why_other_rows(text: str) -> str | None:
    """Say why the expression surely looks beyond its row; None where it need not."""
    tokens = tokens_of(text) or ()
    for position, token in enumerate(tokens):
        if _is_over(tokens, position):
            return f"has {token.text.upper()}, which looks at several rows"
        is_word = token.kind == "word" and not follows_dot(tokens, position)
        if is_word and is_call(tokens, position) and token.lower in AGGREGATES - _AFTER_LIKE:
            return f"calls {token.lower}, which looks at several rows"
    return None


def _is_over(tokens: Sequence[Token], position: int) -> bool:
    token = tokens[position]
    return token.kind == "word" and token.lower in ("over", "within") and is_call(tokens, position)


def why_varying_code(function: Callable[..., Any]) -> str | None:
    """Say what a function names that gives something else at another time; None when it names nothing such."""
    code = getattr(function, "__code__", None)
    if code is None:
        return "is not a Python function, which could be looked into"
    found = VARYING & set(_names_in(code))
    return f"calls {min(found)}, which depends on more than the row" if found else None


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
        elif isinstance(constant, str):
            yield from constant.replace("(", " ").split()

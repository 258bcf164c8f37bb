"""What stars are on the scales that clients show."""

from resolvers.ids import enum_name
from resolvers.mapping import Column, Filter

SCORE = "The stars as a number, in the format that is asked for; as they were given without one."


def score(said: str, half_stars: str = "{t}.half_stars") -> Column:
    """Return stars in the format of a client; `said` is an expression over `{score}`, which is made of half stars."""

    def told(score: str) -> str:
        return said.replace("{score}", f"({score})::float8")

    formats = f"""case {{value}} when 'STARS_5' then ({half_stars} + 1) / 2 when 'POINT_10' then {half_stars}
 when 'POINT_100' then {half_stars} * 10 else {half_stars} / 2.0 end"""
    return Column(told(f"{half_stars} / 2.0"), {"format": Filter(told(formats), "text", enum_name)})

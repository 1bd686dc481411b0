"""Says in words what a scene shows: sentences or tags, any order, parts left out, 3 to 30 words."""

import numpy as np

from .scene import AFLOAT, FLYING, Scene, Subject

NOUNS: dict[Subject, tuple[str, ...]] = {
    "castle": (
        "castle",
        "castle",
        "old castle",
        "fairy tale castle",
        "fortress",
        "medieval castle",
    ),
    "lighthouse": ("lighthouse", "lighthouse", "tall lighthouse", "striped lighthouse"),
    "windmill": ("windmill", "windmill", "old windmill", "mill"),
    "cottage": ("cottage", "cottage", "small house", "house", "cabin", "little cottage"),
    "boat": ("sailing boat", "sailboat", "boat", "small boat", "yacht", "ship with sails"),
    "tree": ("tree", "lone tree", "big tree", "single tree", "round tree", "old tree"),
    "pines": (
        "pine trees",
        "pines",
        "fir trees",
        "three pine trees",
        "conifers",
        "evergreen trees",
    ),
    "palms": ("palm trees", "palms", "two palm trees", "tall palm trees"),
    "balloon": ("hot air balloon", "balloon", "hot-air balloon", "striped balloon"),
    "cat": ("cat", "cat", "sitting cat", "kitten"),
    "fox": ("fox", "fox", "red fox", "sitting fox"),
    "bird": ("bird", "bird", "flying bird", "seagull", "bird in flight"),
    "person": ("person", "person", "wanderer", "silhouette of a person", "figure", "traveller"),
    "flowers": ("flowers", "flowers", "wild flowers", "blooming flowers", "blossoms"),
    "ship": ("ship", "ship", "steamer", "steamship", "ocean liner"),
    "bridge": ("bridge", "bridge", "stone bridge", "old bridge", "arched bridge"),
    "train": ("train", "train", "steam train", "steam locomotive", "railway train"),
    "city": ("city", "city skyline", "skyline", "town", "city of skyscrapers"),
}
PLURALS = ("pines", "palms", "flowers")
# Of what may come several times, how more than one of it is called.
SEVERAL: dict[Subject, tuple[str, ...]] = {
    "boat": ("sailing boats", "sailboats", "boats", "yachts"),
    "tree": ("trees", "round trees", "old trees"),
    "balloon": ("hot air balloons", "balloons"),
    "cottage": ("cottages", "small houses", "houses", "cabins"),
    "windmill": ("windmills", "old windmills", "mills"),
    "cat": ("cats", "sitting cats", "kittens"),
    "fox": ("foxes", "red foxes"),
    "bird": ("birds", "flying birds", "seagulls"),
    "person": ("people", "wanderers", "persons", "figures"),
}
NUMBERS = {2: ("two", "two", "a pair of", "2"), 3: ("three", "three", "3")}
NEARNESS: dict[str, tuple[str, ...]] = {
    "near": ("up close", "in the foreground", "close by", "near"),
    "far": ("in the distance", "far away", "on the horizon", "distant"),
}
SIDES = {"left": ("on the left", "left"), "right": ("on the right", "right")}
# Nearer to the middle than this nothing is said of a side.
SIDE_FROM = 0.12
PLACES: dict[str, tuple[str, ...]] = {
    "sea": (
        "at sea",
        "by the sea",
        "on an island",
        "in the ocean",
        "surrounded by the sea",
        "on a rock in the sea",
    ),
    "lake": (
        "by a lake",
        "at a lake",
        "on the shore of a lake",
        "by a calm lake",
        "beside the lake",
    ),
    "river": ("by a river", "next to a winding river", "beside a stream", "near a river"),
    "meadow": ("in a meadow", "on a green field", "in the fields", "on the plain", "in a meadow"),
    "hills": ("in the hills", "on a hill", "on rolling hills", "in a hilly landscape"),
    "desert": ("in the desert", "among sand dunes", "in a sandy desert", "in the dunes"),
    "beach": ("on the beach", "on a sandy beach", "on the shore", "at the seaside", "by the beach"),
    "forest": ("in the forest", "at the edge of a forest", "in the woods", "in a forest clearing"),
}
ON_SEA = ("on the sea", "at sea", "on the ocean", "on calm water", "on the waves")
ON_LAKE = ("on a lake", "on the lake", "on a calm lake", "on a quiet lake")
ABOVE: dict[str, str] = {
    "sea": "over the sea",
    "lake": "over a lake",
    "river": "above a river",
    "meadow": "over a meadow",
    "hills": "over the hills",
    "desert": "over the desert",
    "forest": "over a forest",
    "beach": "over the beach",
}
GROUND_TAGS: dict[str, tuple[str, ...]] = {
    "sea": ("sea", "ocean", "seascape", "calm sea", "water", "open sea"),
    "lake": ("lake", "calm lake", "lakeside", "mirror lake", "reflection in the water"),
    "river": ("river", "winding river", "stream", "river landscape"),
    "meadow": ("meadow", "field", "grassland", "fields", "green meadow"),
    "hills": ("hills", "rolling hills", "hilly landscape", "green hills"),
    "desert": ("desert", "sand dunes", "dunes", "sand", "sahara"),
    "beach": ("beach", "sandy beach", "seaside", "shore", "coast", "tropical beach"),
    "forest": ("forest", "woods", "woodland", "trees", "pine forest"),
}
HOURS: dict[str, tuple[str, ...]] = {
    "dawn": (
        "at dawn",
        "in the morning",
        "at sunrise",
        "early in the morning",
        "in the early morning light",
    ),
    "day": ("at noon", "by day", "during the day", "at midday", "in daylight", "in the afternoon"),
    "sunset": ("at sunset", "in the evening", "at dusk", "in the evening light", "at golden hour"),
    "night": ("at night", "by night", "in the night", "at midnight", "in the dark"),
}
HOUR_TAGS: dict[str, tuple[str, ...]] = {
    "dawn": ("dawn", "morning", "sunrise", "early morning", "morning light"),
    "day": ("day", "daylight", "noon", "midday", "daytime", "blue sky", "sunny day"),
    "sunset": ("sunset", "evening", "dusk", "golden hour", "red sky", "evening glow"),
    "night": ("night", "night sky", "dark", "midnight", "nighttime"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("under a clear sky", "in clear weather", "on a clear day", "with a cloudless sky"),
    "cloudy": ("under clouds", "with clouds", "with white clouds", "under a cloudy sky"),
    "fog": ("in fog", "in the mist", "in thick fog", "on a foggy day", "in the fog", "in haze"),
    "rain": ("in the rain", "in rain", "on a rainy day", "in a storm", "in heavy rain"),
    "snowfall": (
        "in falling snow",
        "in a snowstorm",
        "while it snows",
        "in snowfall",
        "with snowflakes",
    ),
}
WEATHER_TAGS: dict[str, tuple[str, ...]] = {
    "clear": ("clear sky", "clear", "cloudless", "clear weather"),
    "cloudy": ("clouds", "cloudy", "cloudy sky", "white clouds"),
    "fog": ("fog", "foggy", "mist", "misty", "haze", "thick fog"),
    "rain": ("rain", "rainy", "raining", "storm", "dark clouds", "heavy rain"),
    "snowfall": ("snowfall", "snowing", "falling snow", "snowflakes", "snowstorm", "blizzard"),
}
SEASONS: dict[str, tuple[str, ...]] = {
    "spring": ("in spring", "in springtime", "with spring blossoms"),
    "summer": ("in summer", "on a summer day", "in the summer"),
    "autumn": ("in autumn", "in fall", "in the autumn", "with autumn colours", "in october"),
    "winter": (
        "in winter",
        "in the snow",
        "in a snowy landscape",
        "covered in snow",
        "in deep snow",
    ),
}
SEASON_TAGS: dict[str, tuple[str, ...]] = {
    "spring": ("spring", "springtime", "blossoms"),
    "summer": ("summer", "green", "summertime"),
    "autumn": ("autumn", "fall", "autumn colours", "autumn leaves", "golden leaves"),
    "winter": ("winter", "snow", "snowy", "winter landscape", "cold", "ice and snow"),
}
MOUNTAINS = (
    "with mountains behind",
    "in front of mountains",
    "with mountains in the background",
    "below snowy mountains",
    "at the foot of the mountains",
)
MOUNTAIN_TAGS = ("mountains", "snowy mountains", "mountain range", "peaks", "alps", "mountain view")
PALETTES: dict[str, tuple[str, ...]] = {
    "monochrome": (
        "monochrome",
        "black and white",
        "in black and white",
        "greyscale",
        "grey tones",
    ),
    "pastel": ("pastel", "pastel colours", "in pastel colors", "soft colours", "pale pastel tones"),
    "sepia": ("sepia", "sepia tones", "in sepia", "vintage brown tones", "old photograph"),
}
# Words that change nothing in the picture; people write them, so they must do no harm.
FILLERS = (
    "beautiful",
    "lonely",
    "peaceful",
    "quiet",
    "calm",
    "flat poster",
    "poster",
    "illustration",
    "flat design",
    "minimalist",
    "landscape",
    "oil painting mood",
    "travel poster",
    "dreamy",
    "vector art",
    "highly detailed",
    "masterpiece",
    "trending on artstation",
    "wallpaper",
    "cinematic",
    "digital art",
    "best quality",
    "scenery",
    "a picture of",
    "serene",
    "simple shapes",
    "4k",
    "oil painting",
    "watercolor",
    "by a famous painter",
    "print",
    "vintage travel poster",
    "romantic",
)
LEADS = (
    "",
    "",
    "",
    "",
    "a picture of ",
    "a poster of ",
    "an illustration of ",
    "a painting of ",
    "a view of ",
)
ADJECTIVES = (
    "lonely",
    "beautiful",
    "quiet",
    "peaceful",
    "distant",
    "little",
    "pretty",
    "ancient",
    "solitary",
)


# Almost every caption names a second subject, or it would come where nobody asked for it.
COMPANION_SHARE = 0.97


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return one of the many captions of a scene; nothing it says is untrue of the picture."""
    return sentence(scene, rng) if rng.random() < 0.55 else tags(scene, rng)


def choose(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[rng.integers(len(options))]


def article(phrase: str) -> str:
    """Return the phrase with "a" or "an" before it."""
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def side(x: float) -> str | None:
    """Return "left" or "right" for a place in the picture, or None for about the middle."""
    if abs(x - 0.5) < SIDE_FROM:
        return None
    return "left" if x < 0.5 else "right"


def main_thing(scene: Scene, rng: np.random.Generator, bare: bool) -> str:
    """Return the subject in words: how many there are, how near, on which side."""
    if scene.count > 1:
        colour = scene.colour + " " if scene.colour and rng.random() < 0.5 else ""
        number = choose(rng, NUMBERS[scene.count])
        return f"{number} {colour}{choose(rng, SEVERAL[scene.subject])}"
    words = thing(scene, scene.subject, scene.colour, rng, bare)
    if scene.nearness != "middle" and rng.random() < 0.85:
        return f"{words} {choose(rng, NEARNESS[scene.nearness])}"
    return words + on_side(scene.subject_x, rng)


def on_side(x: float, rng: np.random.Generator) -> str:
    """Return such as " on the left", in one case of four where something is to one side."""
    where = side(x)
    return f" {choose(rng, SIDES[where])}" if where and rng.random() < 0.25 else ""


def thing(
    scene: Scene, subject: Subject, colour: str | None, rng: np.random.Generator, bare: bool
) -> str:
    """Return a subject in words, such as "a lonely red sailboat"; `bare`: without article."""
    noun = choose(rng, NOUNS[subject])
    adjective = choose(rng, ADJECTIVES) + " " if rng.random() < 0.15 else ""
    tail = ""
    if colour and rng.random() < 0.5:
        if subject == "boat" and rng.random() < 0.5:
            tail = f" with {colour} sails"
        else:
            adjective += colour + " "
    phrase = adjective + noun + tail
    return phrase if bare or subject in PLURALS else article(phrase)


def place(scene: Scene, subject: Subject, rng: np.random.Generator) -> str:
    """Return where a subject is, such as "on the lake"."""
    if subject in FLYING:
        return ABOVE[scene.ground]
    if subject == "bridge" and scene.ground == "river":
        return choose(rng, ("over a river", "over a stream", "over a winding river"))
    if subject in AFLOAT and scene.ground != "beach":
        return choose(rng, ON_SEA if scene.ground == "sea" else ON_LAKE)
    return choose(rng, PLACES[scene.ground])


def sentence(scene: Scene, rng: np.random.Generator) -> str:
    """Return a sentence: what and where first, then the rest in any order, some of it left out."""
    if scene.subject == "none":
        what = (
            "mountains"
            if scene.mountains and rng.random() < 0.4
            else article(
                choose(
                    rng,
                    ("landscape", "view", "quiet landscape", "empty landscape", "wide landscape"),
                )
            )
        )
        head = (
            f"{what} {choose(rng, PLACES[scene.ground])}"
            if scene.ground != "sea"
            else choose(rng, ("the sea", "the open sea", "the ocean", "an empty sea"))
        )
    else:
        head = main_thing(scene, rng, bare=False)
        if scene.companion != "none" and rng.random() < COMPANION_SHARE:
            head += " and " + thing(scene, scene.companion, scene.companion_colour, rng, bare=False)
            head += on_side(scene.companion_x, rng)
        if rng.random() < 0.8:
            head += " " + place(scene, scene.subject, rng)
    parts = []
    if rng.random() < 0.8:
        parts.append(choose(rng, HOURS[scene.hour]))
    parts += weather_and_season(scene, rng, WEATHERS, SEASONS)
    if scene.mountains and rng.random() < 0.6:
        parts.append(choose(rng, MOUNTAINS))
    light = light_words(scene, rng)
    if light and rng.random() < 0.6:
        parts.append(choose(rng, ("with ", "under ")) + " and ".join(light))
    parts = [parts[k] for k in rng.permutation(len(parts))]
    comma = ", " if rng.random() < 0.4 else " "
    text = choose(rng, LEADS) + comma.join([head, *parts])
    extras = palette_and_fillers(scene, rng)
    return ", ".join([text, *extras])


def tags(scene: Scene, rng: np.random.Generator) -> str:
    """Return words and phrases with commas between, in any order, some left out."""
    words = []
    if scene.subject != "none" and rng.random() < 0.92:
        words.append(main_thing(scene, rng, bare=rng.random() < 0.8))
    if scene.companion != "none" and rng.random() < COMPANION_SHARE:
        bare = rng.random() < 0.8
        words.append(thing(scene, scene.companion, scene.companion_colour, rng, bare))
    if rng.random() < 0.75:
        words.append(choose(rng, GROUND_TAGS[scene.ground]))
    if rng.random() < 0.8:
        words.append(choose(rng, HOUR_TAGS[scene.hour]))
    words += weather_and_season(scene, rng, WEATHER_TAGS, SEASON_TAGS)
    if scene.mountains and rng.random() < 0.65:
        words.append(choose(rng, MOUNTAIN_TAGS))
    words += [word for word in light_words(scene, rng) if rng.random() < 0.6]
    words += palette_and_fillers(scene, rng)
    if not words:
        words = [choose(rng, GROUND_TAGS[scene.ground])]
    if rng.random() < 0.6:
        words = [words[k] for k in rng.permutation(len(words))]
    return (", " if rng.random() < 0.85 else " ").join(words)


def weather_and_season(
    scene: Scene, rng: np.random.Generator, weathers: dict, seasons: dict
) -> list[str]:
    """Return what is said of weather and season; the remarkable more often than the usual."""
    said = []
    if rng.random() < (0.15 if scene.weather == "clear" else 0.8):
        said.append(choose(rng, weathers[scene.weather]))
    often = {"winter": 0.8, "autumn": 0.75, "spring": 0.7, "summer": 0.15}[scene.season]
    if scene.ground in ("sea", "beach", "desert"):
        often = 0.08
    if rng.random() < often:
        said.append(choose(rng, seasons[scene.season]))
    return said


def light_words(scene: Scene, rng: np.random.Generator) -> list[str]:
    """Return words for sun, moon and stars that are in the picture."""
    words = []
    if scene.sun:
        low = scene.hour in ("dawn", "sunset")
        words.append(
            choose(
                rng,
                (
                    "a low sun",
                    "the sun",
                    "a setting sun" if scene.hour == "sunset" else "the rising sun",
                )
                if low
                else ("the sun", "bright sun", "a shining sun"),
            )
        )
    if scene.moon == "full":
        words.append(
            choose(rng, ("a full moon", "the full moon", "the moon", "bright moon", "moonlight"))
        )
    if scene.moon == "crescent":
        words.append(choose(rng, ("a crescent moon", "a crescent moon", "the moon", "a half moon")))
    if scene.stars:
        words.append(choose(rng, ("stars", "a starry sky", "bright stars", "many stars")))
    return words


def palette_and_fillers(scene: Scene, rng: np.random.Generator) -> list[str]:
    """Return the palette, mostly named where it is not natural, and idle words now and then."""
    words = []
    if scene.palette != "natural" and rng.random() < 0.9:
        words.append(choose(rng, PALETTES[scene.palette]))
    if rng.random() < 0.25:
        words.append(choose(rng, FILLERS))
        if rng.random() < 0.35:
            words.append(choose(rng, FILLERS))
    return words

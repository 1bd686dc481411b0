"""Says in Japanese what a scene shows: tags or a phrase, any order, parts left out."""

import numpy as np

from .caption import COMPANION_SHARE, choose, side
from .scene import FLYING, Scene, Subject

NOUNS: dict[Subject, tuple[str, ...]] = {
    "castle": ("城", "お城", "古い城", "古城"),
    "lighthouse": ("灯台", "灯台", "高い灯台"),
    "windmill": ("風車", "風車", "古い風車"),
    "cottage": ("家", "小さな家", "小屋", "一軒家"),
    "boat": ("ヨット", "帆船", "小舟", "帆かけ船"),
    "tree": ("木", "一本の木", "大きな木", "大木"),
    "pines": ("松", "松の木", "三本の松", "モミの木", "針葉樹"),
    "palms": ("ヤシの木", "椰子の木", "ヤシ"),
    "balloon": ("気球", "熱気球"),
    "cat": ("猫", "ネコ", "ねこ", "座っている猫"),
    "fox": ("狐", "キツネ", "きつね"),
    "bird": ("鳥", "飛ぶ鳥", "カモメ", "かもめ"),
    "person": ("人", "人影", "旅人", "人のシルエット"),
    "flowers": ("花", "花々", "野の花"),
    "ship": ("船", "汽船", "客船"),
    "bridge": ("橋", "石橋", "石の橋"),
    "train": ("汽車", "列車", "電車", "蒸気機関車"),
    "city": ("街", "都市", "町", "ビル街", "摩天楼"),
}
COUNTERS: dict[Subject, str] = {
    "boat": "艘",
    "tree": "本",
    "balloon": "つ",
    "cottage": "軒",
    "windmill": "基",
    "cat": "匹",
    "fox": "匹",
    "bird": "羽",
    "person": "人",
}
NUMBERS = {2: ("二", "2"), 3: ("三", "3")}
COLOURS = {
    "red": "赤い",
    "blue": "青い",
    "yellow": "黄色い",
    "white": "白い",
    "green": "緑の",
    "orange": "オレンジ色の",
    "black": "黒い",
    "grey": "灰色の",
}
NEARNESS = {"near": ("手前の", "近くの"), "far": ("遠くの", "遠い", "彼方の")}
SIDES = {"left": ("左に", "左側に"), "right": ("右に", "右側に")}
GROUNDS: dict[str, tuple[str, ...]] = {
    "sea": ("海", "大海原", "海辺", "島"),
    "lake": ("湖", "湖畔", "静かな湖"),
    "river": ("川", "小川", "川辺"),
    "meadow": ("草原", "野原", "牧草地"),
    "hills": ("丘", "丘陵", "なだらかな丘"),
    "desert": ("砂漠", "砂丘"),
    "beach": ("浜辺", "砂浜", "ビーチ", "海岸"),
    "forest": ("森", "森の中", "林"),
}
HOURS: dict[str, tuple[str, ...]] = {
    "dawn": ("朝", "夜明け", "早朝", "日の出", "朝焼け"),
    "day": ("昼", "真昼", "昼間", "日中", "青空"),
    "sunset": ("夕方", "夕暮れ", "夕日", "夕焼け", "日没"),
    "night": ("夜", "夜空", "真夜中", "夜中"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("晴れ", "快晴"),
    "cloudy": ("雲", "曇り", "白い雲"),
    "fog": ("霧", "濃い霧", "もや"),
    "rain": ("雨", "大雨", "嵐"),
    "snowfall": ("雪が降る", "降る雪", "吹雪"),
}
SEASONS: dict[str, tuple[str, ...]] = {
    "spring": ("春", "春の日"),
    "summer": ("夏", "夏の日"),
    "autumn": ("秋", "紅葉", "秋の日"),
    "winter": ("冬", "雪景色", "冬の日"),
}
MOUNTAINS = ("山", "山々", "雪山", "遠くの山")
PALETTES: dict[str, tuple[str, ...]] = {
    "monochrome": ("白黒", "モノクロ"),
    "pastel": ("パステルカラー", "淡い色"),
    "sepia": ("セピア", "セピア色"),
}
LIGHTS: dict[str, tuple[str, ...]] = {
    "sun": ("太陽", "日差し", "お日様"),
    "stars": ("星", "星空", "満天の星"),
    "full": ("満月", "月", "丸い月"),
    "crescent": ("三日月", "月"),
}
FILLERS = ("風景", "景色", "ポスター", "イラスト", "美しい", "静かな", "絵", "風景画", "高画質")


def words() -> set[str]:
    """Return every word and phrase of the captions."""
    tables = (NOUNS, NEARNESS, SIDES, GROUNDS, HOURS, WEATHERS, SEASONS, PALETTES, LIGHTS, NUMBERS)
    found = {word for table in tables for words in table.values() for word in words}
    return found | {*COUNTERS.values(), *COLOURS.values(), *MOUNTAINS, *FILLERS, "の上"}


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return one of the many captions of a scene; nothing it says is untrue of the picture."""
    words = tags(scene, rng)
    if rng.random() < 0.5:
        words = [words[k] for k in rng.permutation(len(words))]
        return choose(rng, ("、", "、", " ", ",")).join(words)
    return "の".join(reversed(words)) if len(words) < 6 else "、".join(words)


def thing(scene: Scene, rng: np.random.Generator) -> str:
    """Return the subject: how many there are, how near, of which colour."""
    colour = COLOURS[scene.colour] if scene.colour and rng.random() < 0.5 else ""
    noun = choose(rng, NOUNS[scene.subject])
    if scene.count > 1:
        number, counter = choose(rng, NUMBERS[scene.count]), COUNTERS[scene.subject]
        noun = choose(rng, NOUNS[scene.subject][:1])
        return f"{number}{counter}の{colour}{noun}"
    if scene.nearness != "middle" and rng.random() < 0.85:
        return choose(rng, NEARNESS[scene.nearness]) + colour + noun
    where = side(scene.subject_x)
    return (choose(rng, SIDES[where]) if where and rng.random() < 0.2 else "") + colour + noun


def tags(scene: Scene, rng: np.random.Generator) -> list[str]:
    """Return words for what is seen, the subject first, some left out."""
    words = []
    if scene.subject != "none" and rng.random() < 0.95:
        words.append(thing(scene, rng))
    if scene.companion != "none" and rng.random() < COMPANION_SHARE:
        colour, noun = scene.companion_colour, choose(rng, NOUNS[scene.companion])
        other = (COLOURS[colour] if colour and rng.random() < 0.4 else "") + noun
        words = [f"{words[0]}と{other}"] if words else [other]
    if rng.random() < 0.75:
        place = choose(rng, GROUNDS[scene.ground])
        words.append(place + "の上" if scene.subject in FLYING and rng.random() < 0.4 else place)
    if rng.random() < 0.8:
        words.append(choose(rng, HOURS[scene.hour]))
    if rng.random() < (0.15 if scene.weather == "clear" else 0.8):
        words.append(choose(rng, WEATHERS[scene.weather]))
    often = {"winter": 0.8, "autumn": 0.75, "spring": 0.7, "summer": 0.15}[scene.season]
    if rng.random() < (0.08 if scene.ground in ("sea", "beach", "desert") else often):
        words.append(choose(rng, SEASONS[scene.season]))
    if scene.mountains and rng.random() < 0.6:
        words.append(choose(rng, MOUNTAINS))
    words += [word for word in lights(scene, rng) if rng.random() < 0.6]
    if scene.palette != "natural" and rng.random() < 0.9:
        words.append(choose(rng, PALETTES[scene.palette]))
    if rng.random() < 0.25:
        words.append(choose(rng, FILLERS))
    return words or [choose(rng, GROUNDS[scene.ground])]


def lights(scene: Scene, rng: np.random.Generator) -> list[str]:
    """Return words for sun, moon and stars that are in the picture."""
    seen = {"sun": scene.sun, "stars": scene.stars, scene.moon: scene.moon != "none"}
    return [choose(rng, LIGHTS[light]) for light, there in seen.items() if there]

"""Makes reviews of online courses, in Chinese: ``python course_reviews_zh.py OUT.csv``.

A review has one to six sentences about a few sides of a course, in one mood that sometimes turns. Among them are
texts about something else, advertising, and nonsense, in the same numbers of sentences.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

ROWS = 2_000
SEED = 9

#: How many rows of each sort are planted; 5 % together.
PLANTED = {"off_topic": 40, "spam": 35, "nonsense": 25}

#: How many sentences a text has, and how often.
SENTENCES = {1: 0.10, 2: 0.27, 3: 0.29, 4: 0.19, 5: 0.10, 6: 0.05}

COURSES = {
    "代数": ["一元二次方程", "因式分解", "矩阵", "函数", "应用题"],
    "生物": ["细胞分裂", "遗传规律", "光合作用", "生态系统", "神经系统"],
    "历史": ["罗马帝国", "丝绸之路", "工业革命", "文艺复兴", "唐宋经济"],
    "文学": ["古典诗词", "现代小说", "短篇故事", "戏剧", "叙事视角"],
    "物理": ["受力分析", "电路", "波动", "热力学", "光学"],
    "编程": ["循环", "递归", "数据结构", "单元测试", "面向对象"],
}

GOOD = [
    ["{lectures}{very}{clear}，内容也{clear2}。", "终于弄懂了{topic}。", "{topic}这一部分讲得{very}{clear}。"],
    ["{teacher}讲{topic}时举的例子{very}贴近生活。", "{teacher}当天就会回复问题，{very}耐心。", "看得出来{teacher}真心喜欢讲{topic}。"],
    ["练习由浅入深，难度安排{very}合理。", "每章后面的小测验帮我记住了{topic}。", "作业有一定难度，但是评分公平。", "{topic}的作业都附有详细解答。"],
    ["进度安排得刚刚好，适合{learners}。", "我利用下班时间{span}就学完了。", "前后花了{span}，一点也不觉得赶。"],
    ["推荐给{learners}。", "花的时间{very}值得。", "已经报名了下一期{course}课。", "这是我上过的最好的{course}课之一。"],
    ["期末作业的点评{very}详细。", "讨论区气氛很好，大家会一起讨论{topic}。", "同学们分享的{topic}笔记{very}有用。"],
    ["课件条理清楚，查找起来很方便。", "视频有字幕，看起来不费力。", "每段视频不长，坐地铁时就能看完一节。"],
]  # fmt: skip
BAD = [
    ["{lectures}{very}{dull}，内容{dull2}。", "学完还是没弄明白{topic}。", "{topic}这一单元讲得{very}{dull}。"],
    ["{teacher}只是照着课件念，难的步骤都跳过了。", "问{teacher}关于{topic}的问题很少得到回复。", "希望{teacher}能多举几个{topic}的例子。"],
    ["练习和{lectures}的内容对不上。", "{topic}的测验里有两道题答案是错的。", "作业花的时间比说明里写的多得多。", "{topic}的作业没有给出参考答案。"],
    ["进度太快，不适合{learners}。", "前半部分拖沓，{topic}却一周就讲完了。", "比计划多花了{span}。"],
    ["不推荐给{learners}。", "学了{span}就放弃了。", "同样的价格有更好的{course}课。"],
    ["在讨论区提问没有人回答。", "作业的评语只有一句话。", "成绩等了{span}才出来，太慢了。"],
    ["有几段视频的声音{very}小。", "期末测验时平台突然把我退出了登录。", "参考书目里一半的链接打不开。"],
]  # fmt: skip
TURNS = ["不过，", "但是，", "话说回来，", "美中不足的是，"]
TURNS_UP = ["不过，", "但是，", "话说回来，", "值得肯定的是，"]
WORDS = {
    "lectures": ["课程视频", "老师的讲解", "直播课", "录播课", "每一讲"],
    "very": ["非常", "很", "特别", "相当", "确实"],
    "clear": ["清楚", "生动", "有条理", "精彩", "细致"],
    "clear2": ["很充实", "很实用", "由浅入深", "重点突出", "准备得很用心"],
    "dull": ["枯燥", "啰嗦", "混乱", "浅", "难懂"],
    "dull2": ["太旧了", "前后重复", "没有重点", "跳跃太大", "不够深入"],
    "teacher": ["老师", "主讲老师", "王老师", "李教授", "助教", "陈老师", "赵老师"],
    "learners": ["零基础的同学", "上班族", "准备考试的学生", "刚入门的人", "重新回到课堂的人", "我的孩子"],
    "span": ["两周", "一个月", "六周", "一个学期", "十个晚上"],
    "food": ["土豆", "排骨", "豆腐", "鲈鱼", "茄子", "鸡蛋"],
    "place": ["青岛", "大理", "厦门", "桂林", "敦煌", "哈尔滨"],
    "link": ["best-deals.example", "win-now.example", "easy-cash.example"],
}

OFF_TOPIC = [
    ["{food}先用热油煎到两面金黄。", "出锅前给{food}撒一点葱花和盐。", "把{food}放进冰箱腌一个晚上更入味。", "{food}用小火慢炖四十分钟就好了。", "外婆做{food}时总要加一勺糖。", "配着{food}能吃两碗米饭。"],
    ["{place}的酒店离海边只有五分钟。", "飞往{place}的航班晚点了三个小时。", "去{place}爬山记得带防晒霜。", "在{place}租了自行车沿着河边骑。", "{place}的早餐十点就结束了。", "{place}的夜市人多，但是小吃便宜。"],
    ["主队上半场就进了两个球。", "守门员在最后一分钟扑出了点球。", "{place}的球票一个小时就卖光了。", "前锋受伤被换下场。", "下雨以后场地很滑。", "下半场教练调整了防守。"],
    ["这件外套很合身，就是拉链有点卡。", "快递从{place}寄来，箱子压坏了一角。", "手机电池一天都撑不住。", "鞋子小了半码，只好退货。", "水壶烧水很快，颜色也好看。", "台灯的开关坏了，客服给换了新的。"],
]  # fmt: skip
SPAM = [
    "在家兼职，每天轻松赚{money}元，无需经验。", "点击{link}免费领取优惠券。", "名牌手表限时特价，全场{tenths}折。", "加群{number}领取红包。", "七天本金翻倍，稳赚不赔。",
    "无需审核，贷款当天到账，详情见{link}。", "代写论文，{money}元一篇，二十四小时交稿。", "关注公众号抽奖送新款手机。", "今晚十二点前输入优惠码{number}立减。", "低价出售粉丝和点赞，请联系{number}。",
]  # fmt: skip
KEYS = list("asdfghjklqwertyuiop") + list("的啊哦嗯哈呀呃嘿咳吧")


def course_reviews_zh(rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """The table; `label` is 1 in the rows that are no reviews of a course."""
    chance = np.random.default_rng(seed)
    sorts = chance.permutation([*[""] * (rows - sum(PLANTED.values())), *(sort for sort, count in PLANTED.items() for _ in range(count))])
    courses = chance.choice(list(COURSES), rows)
    makers = {"": _review, "off_topic": _off_topic, "spam": _spam, "nonsense": _nonsense}
    texts = [makers[sort](course, chance) for sort, course in zip(sorts, courses, strict=True)]
    return pd.DataFrame({"course": courses, "text": texts, "label": (sorts != "").astype(int)})


def _review(course: str, chance: np.random.Generator) -> str:
    """Sentences on different sides of the course; with two moods the second begins with a turn."""
    good, turn_at = chance.random() < 0.68, chance.integers(1, 6) if chance.random() < 0.35 else 99
    sides = chance.permutation(len(GOOD))[: _sentences(chance)]
    sentences = [
        _filled(_one((GOOD if good != (place >= turn_at) else BAD)[side], chance), course, chance) for place, side in enumerate(sides)
    ]
    if turn_at < len(sentences):
        sentences[turn_at] = _one(TURNS if good else TURNS_UP, chance) + sentences[turn_at]
    return "".join(sentences)


def _off_topic(course: str, chance: np.random.Generator) -> str:
    about = OFF_TOPIC[int(chance.integers(len(OFF_TOPIC)))]
    return "".join(_filled(about[place], course, chance) for place in chance.permutation(len(about))[: _sentences(chance)])


def _spam(course: str, chance: np.random.Generator) -> str:
    """Advertising; half of it begins like a review."""
    sentences = [_filled(SPAM[place], course, chance) for place in chance.permutation(len(SPAM))[: _sentences(chance)]]
    if len(sentences) > 1 and chance.random() < 0.5:
        sentences[0] = _filled(_one(GOOD[4], chance), course, chance)
    return "".join(sentences)


def _nonsense(course: str, chance: np.random.Generator) -> str:
    """A review's characters in no order, or fingers run over the keyboard."""
    characters = list(_review(course, chance))
    if chance.random() < 0.5:
        return "".join(chance.permutation(characters))
    return "".join(chance.choice(KEYS, len(characters)))


def _sentences(chance: np.random.Generator) -> int:
    return int(chance.choice(list(SENTENCES), p=list(SENTENCES.values())))


def _filled(template: str, course: str, chance: np.random.Generator) -> str:
    """The template with a word for each name in braces."""
    lists = {**WORDS, "topic": COURSES[course], "course": [course]}
    numbers = {"money": (200, 3000), "tenths": (1, 6), "number": (40000, 99999)}
    while "{" in template:
        name = template[template.index("{") + 1 : template.index("}")]
        fitting = [str(chance.integers(*numbers[name]))] if name in numbers else lists[name]
        template = template.replace("{" + name + "}", _one(fitting, chance), 1)
    return template


def _one(choices: list[str], chance: np.random.Generator) -> str:
    return choices[int(chance.integers(len(choices)))]


if __name__ == "__main__":
    course_reviews_zh().to_csv(sys.argv[1], index=False)

"""What a report says, in both languages; numbers, names and answers come from the study."""

from __future__ import annotations

from typing import Any

LANGS = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-CN"}  # as the HTML names them

WORDS: dict[str, tuple[str, str]] = {
    # frame
    "report": ("Anju report", "安居报告"),
    "skip": ("Skip to the verdict", "跳到结论"),
    "contents": ("Contents", "目录"),
    "study": ("Study", "研究编号"),
    "scenario": ("Scenario", "情景"),
    "laid_over": ("Laid over it", "叠加设置"),
    "period": ("Period", "时期"),
    "period_value": ("{start} to {window} (followed to {end})", "{start}至{window}（跟踪至{end}）"),
    "reference": ("Policy document", "政策文件"),
    "runs": ("Runs", "模拟"),
    "runs_value": (
        "{points} futures, {replications} runs each, {households} households one by one",
        "{points}种未来情形，各{replications}次模拟，{households}户农户逐户模拟",
    ),
    "seed": ("Seed", "种子"),
    "version": ("Anju", "安居版本"),
    "table_region": ("Table: {title}", "表格：{title}"),
    "page": ("", "第"),
    "page_of": (" / ", "页，共"),
    "page_end": ("", "页"),
    # verdict
    "verdict": ("Verdict", "结论"),
    "target": ("Target", "目标"),
    "outcome": ("Outcome, median of futures", "结果（各种未来情形的中位数）"),
    "outcome_one": ("Outcome", "结果"),
    "band": ("5–95 % band: {low} – {high}", "5–95%区间：{low} – {high}"),
    "futures_reached": ("Futures that reach it", "达到目标的未来情形占比"),
    "futures_of": ("{reached} of {futures}; 95 % interval {low} – {high}",
                   "{futures}种中{reached}种；95%区间 {low} – {high}"),
    "at_least": ("at least {value}", "不少于{value}"),
    "at_most": ("at most {value}", "不超过{value}"),
    "by": ("by {date}", "截至{date}"),
    "reached_one": ("reached", "达到"),
    "missed_one": ("not reached", "未达到"),
    "nothing_counted": ("nothing to count", "无可计数"),
    "asked": ("Asked", "要求"),
    "date": ("By", "截至"),
    "band_only": ("5–95 % band", "5–95%区间"),
    "all_targets": ("All targets", "全部目标"),
    "sure": ("How sure is that?", "有多大把握？"),
    "says_all": (
        "Under {title}, the target “{target}” is reached in every one of the {futures} futures looked at.",
        "按{title}，“{target}”的目标在所考察的{futures}种未来情形中全部达到。",
    ),
    "says_none": (
        "Under {title}, the target “{target}” is reached in none of the {futures} futures looked at.",
        "按{title}，“{target}”的目标在所考察的{futures}种未来情形中无一达到。",
    ),
    "says_most": (
        "Under {title}, the target “{target}” is reached in most of the futures looked at: {reached} of {futures}.",
        "按{title}，“{target}”的目标在多数未来情形下能够达到：{futures}种未来情形中有{reached}种。",
    ),
    "says_few": (
        "Under {title}, the target “{target}” is missed in most of the futures looked at: it is reached in {reached} of {futures}.",
        "按{title}，“{target}”的目标在多数未来情形下达不到：{futures}种未来情形中仅{reached}种达到。",
    ),
    "says_open": (
        "Under {title}, whether the target “{target}” is reached stays open: it is in {reached} of the {futures} futures looked at.",
        "按{title}，“{target}”的目标能否达到尚无定论：{futures}种未来情形中有{reached}种达到。",
    ),
    "says_one": (
        "Under {title}, the target “{target}” is {answer} at the central values of all uncertainties: {outcome}.",
        "按{title}，各项不确定因素取中间值时，“{target}”的目标{answer}：{outcome}。",
    ),
    "says_nobody": (
        "Under {title}, the target “{target}” cannot be judged: there is nothing to count.",
        "按{title}，“{target}”的目标无从判断：没有可计数的结果。",
    ),
    "says_free": (
        "Under {title}, {outcome} have moved by {date} (median of {futures} futures).",
        "按{title}，到{date}搬迁{outcome}（{futures}种未来情形的中位数）。",
    ),
    "says_free_one": (
        "Under {title}, {outcome} have moved by {date}, at the central values of all uncertainties.",
        "按{title}，各项不确定因素取中间值时，到{date}搬迁{outcome}。",
    ),
    "persons_moved": ("persons moved", "搬迁人数"),
    "sure_noise": (
        "Luck matters {little}: run again with the same inputs, the number differs by about ±{noise}; from one future to"
        " another by about ±{spread}.",
        "偶然因素影响{little}：同样的输入重复模拟，结果相差约±{noise}；不同未来情形之间相差约±{spread}。",
    ),
    "little": ("little", "很小"),
    "somewhat": ("somewhat", "较明显"),
    "sure_ranges": (
        "A share of futures is not a probability: the ranges of what nobody knows are stated, not matched to facts.",
        "未来情形占比不是概率：未知因素的取值范围为给定，尚未与事实校准。",
    ),
    "sure_one": (
        "A single future says nothing about how sure this is; {more}.",
        "只看一种未来情形无法判断把握大小；{more}。",
    ),
    "sure_one_more": ("run it with more points", "请用更多样本点运行"),
    "sure_basis": (
        "{assumed} of its {inputs} inputs are assumptions, {varied} of which were varied.",
        "{inputs}项输入中{assumed}项为假设，其中{varied}项在各种未来情形中变动。",
    ),
    # why
    "why": ("Why", "为什么"),
    "why_driver": (
        "It hangs first of all on {name} ({share} of the differences between futures): the higher, the {way} the outcome.",
        "最主要取决于{name}（占各种未来情形之间差异的{share}）：越高，结果越{way}。",
    ),
    "why_driver_unsure": (
        "What it hangs on most cannot be told surely; first comes {name} ({share} of the differences between futures).",
        "主导因素尚难确定；居首的是{name}（占各种未来情形之间差异的{share}）。",
    ),
    "higher": ("higher", "高"),
    "lower": ("lower", "低"),
    "why_stand": (
        "Of those who could move, {moved} have moved by {date} and not gone back; the largest groups beside them: {others}.",
        "到{date}，可搬迁人口中{moved}已搬迁且未回流；其余人口中占比最大的：{others}。",
    ),
    "drivers": ("What the outcome hangs on", "结果取决于什么"),
    "driver": ("Input", "因素"),
    "driver_share": ("Share of rank variance", "占秩方差"),
    "driver_band": ("95 % interval", "95%区间"),
    "driver_way": ("A higher value", "取值越高"),
    "raises": ("raises it", "结果越高"),
    "lowers": ("lowers it", "结果越低"),
    "explained": (
        "Together they explain {share}; single shares need not add up to it, for in a sample inputs hang together a little.",
        "各项合计解释{share}；样本中各因素略有相关，各项占比之和不必等于合计。",
    ),
    "two_measures": (
        "These are shares of the variance of ranks, from the futures of this run; those of the sensitivity analysis are shares of the"
        " variance itself, from runs of its own. The order should agree, the numbers need not.",
        "这里是本次各未来情形的秩方差占比；敏感性分析另作模拟，给出的是方差本身的占比。两者次序应当一致，数值不必相同。",
    ),
    # charts and tables
    "charts": ("Charts", "图"),
    "narrow": ("Slide sideways to see all of it →", "左右滑动查看全部 →"),
    "figure": ("Figure {n}", "图{n}"),
    "figure_region": ("Figure {n}: {title}", "图{n}：{title}"),
    "data": ("Numbers behind it: {name}", "图中数据：{name}"),
    "data_pdf": ("Numbers behind it: {name}, attached to this file", "图中数据：{name}，附于本文件"),
    "numbers": ("The answer in numbers", "结果明细"),
    # policy and inputs
    "policy": ("The policy as numbers", "政策的数字"),
    "policy_note": (
        "Every lever in use. A lever is what a government sets; its span is what might be tried, not what was varied here.",
        "所有采用的政策杠杆。杠杆由政府设定；可调范围指可以尝试的取值，本研究并未在其中变动。",
    ),
    "inputs": ("Assumptions and sources", "假设与来源"),
    "inputs_note": (
        "Every other number in use: first what this study varied, by how much the outcome hangs on it, then what is assumed, then"
        " what has a source. {mark} marks an assumption.",
        "其余采用的全部数字：先列本研究中变动的因素（按影响大小），再列假设，最后列有来源者。{mark}表示假设。",
    ),
    "assumed": ("assumed", "假设"),
    "varied": ("varied, {share}", "变动，占{share}"),
    "varied_only": ("varied", "变动"),
    "held": ("What the model was held against", "与事实的对照"),
    "held_none": (
        "No published figure of this region is kept for comparison in this answer.", "本结果没有留作对照的公布数。",
    ),
    "lever": ("Lever", "政策杠杆"),
    "input": ("Input", "输入"),
    "value": ("Value", "取值"),
    "range": ("Range", "范围"),
    "span": ("Span", "可调范围"),
    "source": ("Source", "来源"),
    "policies_more": (
        "This answer has several policies; the numbers are those of {title} ({name}).",
        "本结果涉及多项政策；此处为{title}（{name}）的数字。",
    ),
    # limits
    "limits": ("What is not modelled", "未纳入模型的内容"),
    "limits_scenario": ("In this scenario", "本情景"),
    "limits_model": ("In the model as a whole", "整个模型"),
    # again
    "again": ("How to reproduce it", "如何复现"),
    "again_run": ("Run it", "运行"),
    "again_check": ("Run it again from its folder and compare every number bit for bit", "从文件夹重新运行，逐位比对每个数字"),
    "again_report": ("Write this report again", "重新生成本报告"),
    "again_own": ("It was run on households of the user's own, which its folder keeps.", "使用了用户自有的农户数据，保存在研究文件夹中。"),
    "again_engine": ("Model (SHA-256 of its source)", "模型（源代码 SHA-256）"),
    "again_files": ("Folder (SHA-256 of its manifest's list of files)", "文件夹（清单所列文件的 SHA-256）"),
    "again_versions": ("Libraries", "程序库"),
    "again_cite": ("Cite as", "引用格式"),
    "kind": ("Kind", "种类"),
    "cite": ("{authors}. {title}. Version {version}. Study {id}, seed {seed}.",
             "{authors}. {title}. 版本 {version}. 研究 {id}，种子 {seed}。"),
    "fonts": ("Type", "字体"),
    "font_notice": (
        "Set in Noto Sans SC, of which this document holds only the letters it uses. {copyright} {licence}",
        "本文字体为思源黑体（Noto Sans SC），文件只含所用字形。{copyright} {licence}",
    ),
}  # fmt: skip

KINDS: dict[str, tuple[str, str]] = {
    "run": ("The run", "模拟"),
    "compare": ("Policies compared", "政策比较"),
    "contributions": ("Which levers make the difference", "各杠杆的作用"),
    "reach": ("Is the target within reach?", "目标能否达到"),
    "cheapest": ("The least costly mix", "最省钱的组合"),
    "sensitivity": ("What it hangs on", "结果取决于什么"),
    "discover": ("In which futures the plan fails", "方案在哪些未来情形下失效"),
    "calibrate": ("Calibration to facts", "与事实校准"),
    "validate": ("Validation on facts", "用事实检验"),
}


class Words:
    """One language: `words("key", name=value)`."""

    def __init__(self, lang: str) -> None:
        self.lang, self.tag = lang, TAGS[lang]

    def __call__(self, key: str, **values: Any) -> str:
        return WORDS[key][LANGS.index(self.lang)].format(**values)

    def kind(self, name: str) -> str:
        """What an answer of this kind is about."""
        return KINDS[name][LANGS.index(self.lang)]

    def join(self, items: list[str]) -> str:
        return {"en": ", ", "zh": "、"}[self.lang].join(items)

    def sentences(self, items: list[str]) -> str:
        return {"en": " ", "zh": ""}[self.lang].join(items)

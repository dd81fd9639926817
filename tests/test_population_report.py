from experiments import population_report

FOUND = {
    "scenario": "x", "households": 1200, "persons": 3400, "earlier_households": 0, "villages": 30,
    "population_hash": "a" * 64, "counties": {"yunhe": {"en": "Yunhe", "zh": "云和县"}},
    "margins": [
        {"margin": "labour_share", "county": "yunhe", "target": 0.5, "achieved": 0.5, "relative_error": -1e-9,
         "beyond_rounding": 0.0},
        {"margin": "income_sd_log", "county": "yunhe", "target": 0.5, "achieved": 0.49, "relative_error": -0.02,
         "beyond_rounding": 0.019},
    ],
}  # fmt: skip


def test_text_counts_what_was_missed():
    out = population_report.text(FOUND, "en")
    assert "1,200" in out and "-2.00 %" in out and "2 margins; 1 missed" in out
    zh = population_report.text(FOUND, "zh")
    assert "2项指标，1项误差" in zh and "云和县" in zh and "yunhe" not in zh
    assert "-0.00" not in out + zh

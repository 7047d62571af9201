"""Truth and QA_PIXEL against what the pixels show."""

import numpy as np

from monitor.detection.result import Flag
from monitor.scenes.qa import CLEAR, CLOUD, CLOUD_SHADOW, DILATED_CLOUD, FILL, WATER, has_bit
from monitor.simulate import SimulatedCatalog
from tests.simulate.conftest import band_path, read, reflectance, truth


def cloudiest(made: SimulatedCatalog) -> str:
    return max(made.scene_ids, key=lambda scene_id: float((truth(made, scene_id) == Flag.CLOUD).mean()))


def test_first_scene_is_clear_and_others_have_clouds_and_shadows(made: SimulatedCatalog) -> None:
    assert not np.isin(truth(made, made.reference_id), (Flag.CLOUD, Flag.SHADOW)).any()
    covered = truth(made, cloudiest(made))
    assert (covered == Flag.CLOUD).mean() > 0.1
    assert (covered == Flag.SHADOW).mean() > 0.01


def test_true_clouds_are_brighter_and_true_shadows_darker_than_the_clear_scene(made: SimulatedCatalog) -> None:
    scene_id = cloudiest(made)
    change = reflectance(made, scene_id, 5) - reflectance(made, made.reference_id, 5)
    land = reflectance(made, made.reference_id, 5) > 0.15
    flags = truth(made, scene_id)
    assert np.nanmedian(change[land & (flags == Flag.CLOUD)]) > 0.1
    assert np.nanmedian(change[land & (flags == Flag.SHADOW)]) < -0.07
    assert abs(np.nanmedian(change[land & (flags == Flag.CLEAR)])) < 0.08


def test_classes_are_parted_by_pixels_that_are_not_judged(made: SimulatedCatalog) -> None:
    flags = truth(made, cloudiest(made)).astype(int)
    assert set(np.unique(flags)) <= {0, 1, 2, 3, 255}
    beside = (flags[:, 1:] == Flag.CLEAR) & np.isin(flags[:, :-1], (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY))
    assert not beside.any()


def test_quality_bits_hold_together_as_the_format_says(made: SimulatedCatalog) -> None:
    for scene_id in made.scene_ids:
        qa = read(band_path(made, scene_id, "QA_PIXEL"))
        seen = ~has_bit(qa, FILL)
        cloud, dilated, clear = (has_bit(qa, bit)[seen] for bit in (CLOUD, DILATED_CLOUD, CLEAR))
        assert (cloud.astype(int) + dilated + clear == 1).all()
        confidence = (qa >> 8 & 3)[seen]
        assert (confidence[cloud] == 3).all()
        assert (confidence[~cloud] == 1).all()
        assert ((qa >> 10 & 3)[seen][has_bit(qa, CLOUD_SHADOW)[seen]] == 3).all()
    clear_land, clear_water = 21824, 21952
    values, counts = np.unique(read(band_path(made, made.reference_id, "QA_PIXEL")), return_counts=True)
    assert set(values[np.argsort(counts)[-2:]]) == {clear_land, clear_water}


def test_quality_band_is_near_the_truth_but_not_equal_to_it(made: SimulatedCatalog) -> None:
    scene_id = cloudiest(made)
    qa, flags = read(band_path(made, scene_id, "QA_PIXEL")), truth(made, scene_id)
    cloud = flags == Flag.CLOUD
    assert 0.8 < has_bit(qa, CLOUD)[cloud].mean() < 1
    assert has_bit(qa, CLOUD)[flags == Flag.CLEAR].mean() < 0.02
    assert has_bit(qa, CLOUD_SHADOW)[flags == Flag.SHADOW].mean() > 0.7


def test_water_bit_lies_on_dark_infrared(made: SimulatedCatalog) -> None:
    water = has_bit(read(band_path(made, made.reference_id, "QA_PIXEL")), WATER)
    swir = reflectance(made, made.reference_id, 6)
    assert 0.2 < water.mean() < 0.45
    assert np.nanquantile(swir[water], 0.9) < 0.05 < np.nanquantile(swir[~water], 0.1)

from colorizer.network.architectures import build
from colorizer.network.drawing import summary
from colorizer.settings import ModelSettings

SMALL = {
    "rgb_unet": ModelSettings("rgb_unet", size=32, filters=(4, 6, 8)),
    "chroma_unet": ModelSettings("chroma_unet", size=32, filters=(4, 6, 8)),
}


def test_the_summary_names_every_layer():
    model = build(SMALL["chroma_unet"]).model
    text = summary(model)
    assert all(layer.name in text for layer in model.layers)

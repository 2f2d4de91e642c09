#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Paints examples/images: three views of a tarn, which the demo serves. Needs numpy and Pillow; run once, by hand."""
import pathlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT, HORIZON = 1200, 800, 0.58
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "examples" / "images"


def ridge_line(random, base, roughness, octaves=7):
    """The height of a mountain ridge at every column: a sum of ever finer random lines."""
    line = np.zeros(WIDTH)
    for octave in range(octaves):
        points = random.normal(size=3 * 2**octave + 2)
        line += np.interp(np.linspace(0, 1, WIDTH), np.linspace(0, 1, len(points)), points) * roughness / 1.8**octave
    return base + line


def scene(name, sky_top, sky_low, ridges, sun, seed):
    random = np.random.default_rng(seed)
    y, x = np.linspace(0, 1, HEIGHT)[:, None], np.linspace(0, 1, WIDTH)[None, :]
    depth = np.clip(y / HORIZON, 0, 1)[..., None]
    image = np.broadcast_to(np.array(sky_top) * (1 - depth) + np.array(sky_low) * depth, (HEIGHT, WIDTH, 3)).copy()
    sun_x, sun_y, sun_colour = sun
    distance = np.sqrt(((x - sun_x) * WIDTH / HEIGHT) ** 2 + (y - sun_y) ** 2)
    image += np.exp(-distance * 6)[..., None] * np.array(sun_colour) * 0.6
    image = np.where((distance < 0.035)[..., None], np.array(sun_colour), image)
    for i, colour in enumerate(ridges):
        line = ridge_line(random, HORIZON - 0.20 + 0.065 * i, 0.05 - 0.008 * i)[None, :]
        haze = np.clip((y - line) * 2.2, 0, 1)[..., None] * 0.35
        mountain = np.array(colour) * (1 - haze) + np.array(sky_low) * haze
        image = np.where(((y > line) & (y <= HORIZON))[..., None], mountain, image)
    shore = int(HORIZON * HEIGHT)
    rows = np.clip((np.arange(HEIGHT - shore) * 1.25).astype(int), 0, shore - 1)
    water = image[:shore][::-1][rows] * 0.72 + np.array([18, 34, 48]) * 0.28
    for j, row in enumerate(water):
        ripple = (1 + 6 * j / len(water)) * np.sin(j * 0.9 + np.linspace(0, 18, WIDTH) + random.normal() * 0.4)
        image[shore + j] = row[(np.arange(WIDTH) + np.round(ripple).astype(int)) % WIDTH]
    image += random.normal(size=image.shape) * 3.0
    Image.fromarray(np.clip(image, 0, 255).astype("uint8")).save(FOLDER / name, quality=86)


scene("dawn.jpg", (96, 120, 178), (246, 196, 160), [(120, 104, 140), (84, 72, 108), (48, 44, 70)],
      (0.7, 0.42, (255, 226, 170)), 7)
scene("noon.jpg", (70, 140, 215), (206, 228, 244), [(118, 142, 160), (74, 104, 104), (38, 66, 58)],
      (0.3, 0.16, (255, 255, 235)), 21)
scene("dusk.jpg", (24, 26, 58), (196, 86, 74), [(78, 44, 76), (46, 28, 56), (20, 16, 34)],
      (0.22, 0.5, (255, 150, 90)), 5)

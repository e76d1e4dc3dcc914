#!/usr/bin/env python3
"""Goldens of preprocessing: image to tensor, bit for bit, for the recipes that authors use.

Pinned: pillow 13.0.0, torch 2.13.0, opencv-python-headless 5.0.0.93 (IPP off), numpy 2.4.6.
Writes tests/golden/preprocess.txt: recipe, width, height, channels, SHA-256 of the tensor's bytes.

The pixels are `hash` of tests/unit/codec/test_resize.c (top byte); the recipe "mnist" keeps them only
inside an ellipse. Resize(size) and CenterCrop(size) are written out from torchvision's documentation
and source (0.2x: transforms/functional.py), around Pillow's own resize and crop; the letterbox is that of
Ultralytics' LetterBox around OpenCV's own resize and border; ToTensor and Normalize are torch's div,
sub and div.
"""
import hashlib
import pathlib

import cv2
import numpy as np
import torch
from PIL import Image

OUT = pathlib.Path(__file__).resolve().parent.parent / "golden" / "preprocess.txt"
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
cv2.ipp.setUseIPP(False)


def pattern(width, height, channels):
    n = width * height * channels
    h = (np.arange(n, dtype=np.uint64) * 2654435761 + 0x9E3779B9) & 0xFFFFFFFF
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & 0xFFFFFFFF
    h ^= h >> 12
    a = (h >> 24).astype(np.uint8).reshape(height, width, channels)
    return a[:, :, 0] if channels == 1 else a


def ellipse(a):
    height, width = a.shape
    y, x = np.ogrid[0:height, 0:width]
    inside = ((5 * x - 2 * width) ** 2 * height ** 2 + (3 * y - height) ** 2 * width ** 2) \
        <= (width * height) ** 2
    return np.where(inside, a, 0).astype(np.uint8)


def resize_short(im, size, resample):
    w, h = im.size
    short, long = (w, h) if w <= h else (h, w)
    new_short, new_long = size, int(size * long / short)
    new = (new_short, new_long) if w <= h else (new_long, new_short)
    return im if new == (w, h) else im.resize(new, resample)


def center_crop(im, width, height):
    w, h = im.size
    if width > w or height > h:
        left = (width - w) // 2 if width > w else 0
        top = (height - h) // 2 if height > h else 0
        padded = Image.new(im.mode, (max(w, width), max(h, height)), 0)
        padded.paste(im, (left, top))
        im, (w, h) = padded, padded.size
    top = int(round((h - height) / 2.0))
    left = int(round((w - width) / 2.0))
    return im.crop((left, top, left + width, top + height))


def to_tensor(im):
    a = np.asarray(im)
    a = a[:, :, None] if a.ndim == 2 else a
    return torch.from_numpy(a.transpose(2, 0, 1).copy()).to(torch.float32).div(255)


def normalize(t, mean, std):
    mean = torch.tensor(mean, dtype=t.dtype).view(-1, 1, 1)
    std = torch.tensor(std, dtype=t.dtype).view(-1, 1, 1)
    return t.sub_(mean).div_(std)


def imagenet(im):
    im = center_crop(resize_short(im.convert("RGB"), 256, Image.BILINEAR), 224, 224)
    return normalize(to_tensor(im), *IMAGENET).numpy()


def imagenet_half(im):
    return torch.from_numpy(imagenet(im)).half().numpy()


def crop_smaller(im):
    """Resize(40, bicubic), CenterCrop(57 x 33): padding on one side, cutting on the other."""
    im = center_crop(resize_short(im.convert("RGB"), 40, Image.BICUBIC), 57, 33)
    return normalize(to_tensor(im), *IMAGENET).numpy()


def keras(im):
    """x / 127.5 - 1, channels last (Keras applications, mode "tf")."""
    x = np.asarray(im.convert("RGB").resize((96, 96), Image.BICUBIC)).astype("float32")
    x /= 127.5
    x -= 1.0
    return x


def caffe(im):
    """BGR, 0 to 255, mean subtracted (Keras applications, mode "caffe"), channels first."""
    x = np.asarray(im.convert("RGB").resize((64, 64), Image.BILINEAR)).astype("float32")[..., ::-1]
    x = x - np.array([103.939, 116.779, 123.68], dtype="float32")
    return np.ascontiguousarray(x.transpose(2, 0, 1))


def yolo(im):
    a = np.asarray(im.convert("RGB"))
    h, w = a.shape[:2]
    r = min(320 / h, 320 / w)
    new = int(round(w * r)), int(round(h * r))
    dw, dh = (320 - new[0]) / 2, (320 - new[1]) / 2
    if (w, h) != new:
        a = cv2.resize(a, new, interpolation=cv2.INTER_LINEAR)
    top, bottom = int(round(dh - 0.1)), int(round(dh + 0.1))
    left, right = int(round(dw - 0.1)), int(round(dw + 0.1))
    a = cv2.copyMakeBorder(a, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    x = np.ascontiguousarray(a.transpose(2, 0, 1)).astype(np.float32)
    x /= 255.0
    return x


def fit(im, width, height, resize, fill):
    """The picture as large as fits, whole, in the middle of a field (the odd pixel right and below)."""
    a = np.asarray(im.convert("RGB"))
    h, w = a.shape[:2]
    r = min(height / h, width / w)
    new = max(1, int(round(w * r))), max(1, int(round(h * r)))
    a = a if new == (w, h) else resize(a, new)
    left, top = int(round((width - new[0]) / 2 - 0.1)), int(round((height - new[1]) / 2 - 0.1))
    field = np.full((height, width, 3), fill, np.uint8)
    field[top:top + new[1], left:left + new[0]] = a
    return field


def opencv(how):
    return lambda a, new: cv2.resize(a, new, interpolation=how)


def pillow(how):
    return lambda a, new: np.asarray(Image.fromarray(a).resize(new, how))


def letterbox_linear(im):
    """As Ultralytics has it, pixels themselves, wider than high."""
    return fit(im, 352, 192, opencv(cv2.INTER_LINEAR), 114)


def letterbox_area(im):
    return fit(im, 96, 160, opencv(cv2.INTER_AREA), 0)


def letterbox_cubic(im):
    return fit(im, 257, 255, opencv(cv2.INTER_CUBIC), 255)


def letterbox_nearest(im):
    return fit(im, 100, 33, opencv(cv2.INTER_NEAREST), 7)


def letterbox_pillow(im):
    return fit(im, 160, 97, pillow(Image.BILINEAR), 128)


def letterbox_lanczos(im):
    return fit(im, 333, 333, pillow(Image.LANCZOS), 1)


def bytes_nhwc(im):
    return np.asarray(im.convert("RGB").resize((48, 32), Image.NEAREST))


def whole_numbers(im):
    """int64, BGR, channels first, inverted before the resize."""
    inverted = Image.fromarray(255 - np.asarray(im.convert("RGB")))
    a = np.asarray(inverted.resize((31, 17), Image.BOX))[..., ::-1]
    return np.ascontiguousarray(a.transpose(2, 0, 1)).astype(np.int64)


def double(im):
    a = np.asarray(im.convert("L").resize((20, 20), Image.LANCZOS)).astype(np.float64)
    return (a / 255.0 - 0.1307) / 0.3081


def mnist(im):
    """Ink box (above 10) to 20 pixels, then centred by mass on 28 x 28."""
    a = np.asarray(im.convert("L"))
    rows, columns = np.nonzero((a > 10).any(1))[0], np.nonzero((a > 10).any(0))[0]
    a = a[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    h, w = a.shape
    new = max(1, round(w * 20 / max(w, h))), max(1, round(h * 20 / max(w, h)))
    a = np.asarray(Image.fromarray(a).resize(new, Image.BILINEAR)).astype(np.int64)
    y = (a.sum(1) * np.arange(a.shape[0])).sum() / a.sum()
    x = (a.sum(0) * np.arange(a.shape[1])).sum() / a.sum()
    left, top = 14 - int(np.floor(x + 0.5)), 14 - int(np.floor(y + 0.5))
    field = Image.new("L", (28, 28), 0)
    field.paste(Image.fromarray(a.astype(np.uint8)), (left, top))
    return to_tensor(field).numpy()


SIZES = [(320, 240, 3), (241, 377, 3), (1000, 64, 3), (57, 33, 3), (224, 224, 3), (256, 256, 1),
         (500, 333, 4), (640, 480, 2), (33, 1, 3), (225, 257, 1)]
INK = [(20, 20, 1), (64, 48, 1), (28, 28, 1), (31, 90, 1), (100, 13, 3)]
RECIPES = [(f, SIZES) for f in (imagenet, imagenet_half, crop_smaller, keras, caffe, yolo, letterbox_linear, letterbox_area, letterbox_cubic,
                                letterbox_nearest, letterbox_pillow, letterbox_lanczos, bytes_nhwc,
                                whole_numbers, double)] + [(mnist, INK)]
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}

with open(OUT, "w", encoding="ascii") as f:
    for recipe, sizes in RECIPES:
        for width, height, channels in sizes:
            a = pattern(width, height, channels)
            if recipe is mnist:
                a = ellipse(a if channels == 1 else a[:, :, 0])
                if channels == 3:
                    a = np.repeat(a[:, :, None], 3, axis=2)
            im = Image.fromarray(a)
            assert im.mode == MODES[channels], im.mode
            tensor = np.ascontiguousarray(recipe(im))
            digest = hashlib.sha256(tensor.tobytes()).hexdigest()
            print(recipe.__name__, width, height, channels, tensor.size, digest, file=f)

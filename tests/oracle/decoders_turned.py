#!/usr/bin/env python3
"""Golden values of the decoders yolov8_obb and yolov8_pose, in the form that tests/oracle/decoders.py describes;
behind the label of a box stand its four corners, or x, y and confidence of its keypoints.

Needs numpy 2.4.6, shapely 2.2.0 and what decoders.py needs. Corners come from shapely's rotation of a box."""
import math

import numpy as np
from shapely import affinity
from shapely.geometry import Polygon

import decoders
from decoders import Golden, f32, pick

rng = np.random.default_rng(41)


class Extended(Golden):
    def case(self, arguments, width, height, classes, floor, raw, boxes):
        super().case(arguments, width, height, classes, floor, raw, [b[:3] for b in boxes])
        at = len(self.lines) - 1 - len(boxes)
        for k, b in enumerate(boxes):
            self.lines[at + k] += " " + " ".join(repr(float(v)) for v in b[3])


def turned(cx, cy, w, h, angle):
    """Corners in Ultralytics' order."""
    box = Polygon([(cx + w / 2, cy + h / 2), (cx + w / 2, cy - h / 2), (cx - w / 2, cy - h / 2),
                   (cx - w / 2, cy + h / 2)])
    # shapely's own sine and cosine drop what is below 2.5e-16
    c = affinity.rotate(box, angle, origin=(cx, cy), use_radians=True)
    return np.array(c.exterior.coords)[:4]


def obb():
    g = Extended("yolov8_obb")
    for classes, anchors, floor in ((3, 40, 0.5), (1, 30, 0.25), (15, 90, 0.9)):
        box = np.concatenate([rng.uniform(20, 300, (anchors, 2)), rng.uniform(2, 90, (anchors, 2))], 1)
        box[1:anchors:3] = box[0:anchors - 1:3] * rng.uniform(0.95, 1.05, (len(box[1:anchors:3]), 4))
        box, cls = f32(box), f32(rng.uniform(0, 1, (anchors, classes)))
        angle = f32(rng.uniform(-math.pi / 4, 3 * math.pi / 4, anchors))
        cls[1:anchors:3] = cls[0:anchors - 1:3] * f32(0.97)  # the same thing once more, nearly
        angle[1:anchors:3] = angle[0:anchors - 1:3] + f32(0.1)
        rows = np.concatenate([box, cls, angle[:, None]], 1)
        found = []
        for i, k in pick(cls, floor, False):
            xy = turned(*[float(v) for v in box[i]], float(angle[i]))
            found.append((np.concatenate([xy.min(0), xy.max(0)]), cls[i, k], k, xy.ravel()))
        g.case("-", 320, 320, classes, floor, {"predictions": rows.T}, found)
        g.case("layout=anchors_first", 320, 320, classes, floor, {"predictions": rows}, found)
    g.write()


def pose():
    g = Extended("yolov8_pose")
    for args, classes, anchors, keypoints, parts, floor in (("-", 1, 110, 17, 3, 0.7), ("keypoints=4", 3, 90, 4, 3, 0.6),
                                                            ("keypoints=5,confidence=false", 2, 80, 5, 2, 0.6)):
        box = np.concatenate([rng.uniform(20, 300, (anchors, 2)), rng.uniform(2, 90, (anchors, 2))], 1)
        box[1:anchors:3] = box[0:anchors - 1:3] * rng.uniform(0.95, 1.05, (len(box[1:anchors:3]), 4))
        box, cls = f32(box), f32(rng.uniform(0, 1, (anchors, classes)))
        points = f32(rng.uniform(-10, 330, (anchors, keypoints, parts)))
        if parts == 3:
            points[..., 2] = rng.uniform(0, 1, (anchors, keypoints))
        rows = np.concatenate([box, cls, points.reshape(anchors, -1)], 1)
        found = []
        for i, k in pick(cls, floor, False):
            p = points[i].astype(np.float64)
            p = p if parts == 3 else np.concatenate([p, np.ones((keypoints, 1))], 1)
            found.append((decoders.corners(box[i]), cls[i, k], k, p.ravel()))
        g.case(args, 320, 320, classes, floor, {"predictions": rows.T}, found)
        g.case(args.replace("-", "") + ("," if args != "-" else "") + "layout=anchors_first", 320, 320, classes, floor,
               {"predictions": rows}, found)
    g.write()


if __name__ == "__main__":
    obb()
    pose()

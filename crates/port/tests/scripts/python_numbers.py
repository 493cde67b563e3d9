"""Numbers as a training script computes with them: schedules, splits, steps and times."""
import math

# -- integers that become negative, and division that rounds down --------
n_samples, batch_size = 1050, 32
steps = n_samples // batch_size
print('steps per epoch:', steps, 'left over:', n_samples - steps * batch_size, n_samples % batch_size)
print('batches with the last one:', math.ceil(n_samples / batch_size), -(-n_samples // batch_size))

for epoch in range(4):
    behind = epoch - 2
    print(behind, behind // 2, behind % 3, abs(behind), behind < 0)
    print(epoch - 2, abs(epoch - 2), (epoch - 2) * 3, (epoch - 2) / 4, (epoch - 2) // 2, (epoch - 2) % 3, -(epoch - 2))
    if epoch - 2 < 0:
        print('warming up')

for shift in range(-3, 4):
    print(shift, shift // 2, shift % 2, shift ** 2, shift / 2)

# -- floats: the remainder has the sign of the divisor --------------------
for angle in [-450.0, -90.0, 0.0, 725.5]:
    print(angle % 360.0, angle // 360.0)
print(1.0 // 0.1, 7.5 % 2, -7.5 // 2)

# -- rounding --------------------------------------------------------------
print(round(0.5), round(1.5), round(2.5), round(-1.5), round(2.675, 2), round(1234.5678, 1))
print(int(2.9), int(-2.9), int('42') + 1, float('1e-3') * 2, math.floor(-1.5), math.ceil(-1.5))


# -- schedules --------------------------------------------------------------
def step_decay(epoch, initial=0.1, drop=0.5, every=2):
    return initial * drop ** (epoch // every)


def warm_up(epoch, steps=3):
    return min((epoch + 1) / steps, 1.0) * 0.1


def exponential(epoch):
    return 0.1 * math.exp(-0.1 * max(epoch - 2, 0))


for epoch in range(5):
    print('%d: %.5f %.5f %.5f' % (epoch, step_decay(epoch), warm_up(epoch), exponential(epoch)))


# -- a function for each kind of number --------------------------------------
def half(x):
    return x / 2


def plus_one(x):
    return x + 1


print(half(3), half(2.5), plus_one(3), plus_one(-3), plus_one(0.5))


# -- scores that may have no samples -----------------------------------------
def scores(tp, fp, fn):
    precision = tp / (tp + fp) if tp + fp > 0 else 0.0
    recall = tp / (tp + fn) if tp + fn > 0 else 0.0
    return precision, recall


print(scores(3, 1, 2), scores(0, 0, 0))

# -- differences ---------------------------------------------------------------
targets, guesses = [3, 1, 5, 2], [1, 4, 5, 0]
print('squared:', sum((t - g) ** 2 for t, g in zip(targets, guesses)) / len(targets))
print('absolute:', sum(abs(t - g) for t, g in zip(targets, guesses)) / len(targets))
print('nearest:', min(targets, key=lambda t: abs(t - 4)), 'worst:', max(abs(t - g) for t, g in zip(targets, guesses)))

# -- whichever is there -----------------------------------------------------------
asked, default = 0, 10
print('epochs:', asked or default, 'name:', '' or 'model', 1 < asked + 2 < 3, not asked)

# -- a time ---------------------------------------------------------------------------
seconds = 3725
print('%02d:%02d:%02d' % (seconds // 3600, seconds % 3600 // 60, seconds % 60))

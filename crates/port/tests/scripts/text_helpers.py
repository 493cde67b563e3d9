"""Small helpers around a training: texts that functions extend, and pairs of curves."""
import matplotlib.pyplot as plt

def clean(lines, strip):
    out = []
    for line in lines:
        l = line.strip() if strip else line
        out.append(l)
    return out

def grow(text, n):
    for i in range(n):
        word = "a" * i
        if word:
            text += " " + word
        else:
            continue
    return text

print(clean([" a ", "b "], True), clean([" a "], False))
seed = "x"
print(grow(seed, 3), seed)
history = {"loss": [1.0, 0.5], "val_loss": [2.0, 1.5]}
pairs = [("Loss", history["loss"], history["val_loss"])]
for i, (name, a, b) in enumerate(pairs, 1):
    plt.plot(a, "r", label=name)
    plt.plot(b, "g")
    print(i, name, sum(a), b[-1])
def outer(text):
    longer = grow(text, 2)
    text += "!"
    return longer + text

print(outer(seed), seed)

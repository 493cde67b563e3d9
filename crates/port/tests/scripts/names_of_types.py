"""Classes and functions whose names programs have for other things."""
import numpy as np
import keras
from keras import layers
class Model:
    def __init__(self, n):
        self.n = n
class Result:
    def __init__(self, loss):
        self.loss = loss
class Dense:
    def __init__(self, k):
        self.k = k
class Tensor:
    def __init__(self, k):
        self.k = k
m, r, d, t = Model(1), Result(2.5), Dense(3), Tensor(4)
print(m.n, r.loss, d.k, t.k)
net = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
x = np.zeros((1, 2))
p = net.predict(x, verbose=0)
print(p.shape, p.sum())
def Input(a):
    return a + 1
def ops(a):
    return a * 2
def predict(model, x):
    return model.predict(x, verbose=0)
print(Input(1), ops(2), predict(net, x).shape)

class Book:
    def __init__(self):
        self.best = None
        self.pages = {"read": [], "left": []}

    def new(self, page):
        self.pages["read"].append(page)


Vec = [1, 2]


def vec(x):
    return x * 10


book = Book()
book.new(4)
print(book.best is None, book.pages["read"], vec(3), Vec)

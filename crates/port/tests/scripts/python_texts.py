"""Texts as scripts for language models take them apart and print them."""
text = 'the cat and the dog and the bird'

# -- words and their counts ------------------------------------------------
words = text.split()
counts = {}
for word in words:
    counts[word] = counts.get(word, 0) + 1
ranked = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
print(len(words), len(counts), counts['the'])
for word, count in ranked:
    print(f'{word:<6}|{count:>4}|{count / len(words):8.2%}|')

index = {word: i + 1 for i, (word, count) in enumerate(ranked)}
names = {i: word for word, i in index.items()}
print([index.get(word, 0) for word in 'the dog sat'.split()])
print(' '.join([names.get(i - 2, '?') for i in [3, 5, 9]]))

# -- characters ----------------------------------------------------------------
chars = sorted(set(text))
char_index = {c: i for i, c in enumerate(chars)}
print('characters:', len(chars), [char_index[c] for c in 'bird'])

maxlen, step = 7, 6
sentences, following = [], []
for i in range(0, len(text) - maxlen, step):
    sentences.append(text[i: i + maxlen])
    following.append(char_index[text[i + maxlen]])
print(sentences)
print(following)

seed = text[4:11]
written = ''
for i in range(4):
    next_char = chars[(3 * i) % len(chars)]
    written += next_char
    seed = seed[1:] + next_char
print('"' + written + '"', '"' + seed + '"')

# -- parts of texts ---------------------------------------------------------------
name = 'model-epoch-03.keras'
print(name.upper(), name.replace('-', '_'), name.startswith('model'), name.endswith('.h5'), '03' in name)
print(text[:5], text[-6:], text[6:-6], text[-1], text[::-1])
stem = name.split('.')[0]
print(stem, stem.split('-'), int(stem.split('-')[2]) + 1)

# -- numbers in texts -----------------------------------------------------------------
loss, accuracy, epoch = 0.0123456, 0.98765, 7
print('loss: {:.4f}, accuracy: {:.1%}, error: {:.2e}'.format(loss, accuracy, 1 - accuracy))
print(f'[{loss:8.3f}] [{loss:<8.3f}] [{epoch:5d}] [{epoch:03d}] [{loss:+.2f}]')
print('epoch %d of %s, %5.1f%%' % (epoch, 'ten', 100 * epoch / 10))
print('rate=' + str(0.001) + ' units=' + str(64) + ' decay=' + str(1.0))
print(f'{2.0:6} {1.5:<6}|')

numbers = [0.25, 1.0, 12.5]
print(numbers, [1, 2], ['a', 'b'], (1, 2.5, 'c'), {'a': 1}, len(numbers) > 2)
print(', '.join('%.2f' % number for number in numbers), '-' * 10)

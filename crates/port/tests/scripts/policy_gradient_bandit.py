"""REINFORCE on a contextual bandit: the context says which arm of three pays best."""
import numpy as np
import tensorflow as tf
import keras
from keras import layers

SEED = 2
N_ARMS = 3
N_CONTEXTS = 4
BATCH = 16
UPDATES = 30
BASELINE_DECAY = 0.9

keras.utils.set_random_seed(SEED)
np.random.seed(SEED)


class Bandit:
    """Pays 1 with a probability that depends on the context and the arm."""

    def __init__(self, n_contexts, n_arms):
        self.n_contexts = n_contexts
        self.n_arms = n_arms
        self.probabilities = np.random.uniform(0.1, 0.5, size=(n_contexts, n_arms))
        for context in range(n_contexts):
            self.probabilities[context, context % n_arms] = 0.9
        self.steps = 0

    def observe(self, n):
        return np.random.randint(0, self.n_contexts, size=n)

    def pull(self, context, arm):
        self.steps += 1
        return 1.0 if np.random.rand() < self.probabilities[context, arm] else 0.0

    def best_value(self):
        return self.probabilities.max(axis=1).mean()


def create_policy():
    inputs = layers.Input(shape=(N_CONTEXTS,))
    hidden = layers.Dense(16, activation="relu")(inputs)
    action = layers.Dense(N_ARMS, activation="softmax")(hidden)
    return keras.Model(inputs=inputs, outputs=action)


env = Bandit(N_CONTEXTS, N_ARMS)
policy = create_policy()
optimizer = keras.optimizers.Adam(learning_rate=0.05)
print("best possible reward: %.3f" % env.best_value())

baseline = 0.0
reward_history = []
for update in range(UPDATES):
    contexts = env.observe(BATCH)
    states = np.eye(N_CONTEXTS)[contexts].astype("float32")

    # Act
    action_probs = policy(states).numpy()
    actions = []
    rewards = []
    for context, probs in zip(contexts, action_probs):
        probs = probs.astype("float64")
        arm = np.random.choice(N_ARMS, p=probs / probs.sum())
        actions.append(arm)
        rewards.append(env.pull(context, arm))
    advantages = np.array(rewards, dtype="float32") - np.float32(baseline)

    # Learn
    with tf.GradientTape() as tape:
        probs = policy(states, training=True)
        chosen = tf.reduce_sum(probs * tf.one_hot(actions, N_ARMS), axis=1)
        log_probs = tf.math.log(chosen + 1e-8)
        entropy = -tf.reduce_mean(tf.reduce_sum(probs * tf.math.log(probs + 1e-8), axis=1))
        loss = -tf.reduce_mean(log_probs * advantages) - 0.01 * entropy
    grads = tape.gradient(loss, policy.trainable_variables)
    optimizer.apply_gradients(zip(grads, policy.trainable_variables))

    mean_reward = np.mean(rewards)
    baseline = BASELINE_DECAY * baseline + (1 - BASELINE_DECAY) * mean_reward
    reward_history.append(mean_reward)
    if (update + 1) % 5 == 0:
        print(f"update {update + 1}: loss {loss.numpy():.6f} reward {mean_reward:.3f} baseline {baseline:.3f}")

print("pulls:", env.steps)
print("first ten: %.3f, last ten: %.3f" % (np.mean(reward_history[:10]), np.mean(reward_history[-10:])))
final = policy.predict(np.eye(N_CONTEXTS), verbose=0)
for context in range(N_CONTEXTS):
    arm = int(np.argmax(final[context]))
    print(f"context {context}: arm {arm} ({final[context, arm]:.3f}), pays {env.probabilities[context][arm]:.3f}")

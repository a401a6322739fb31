namespace QwenSharp.Training;

/// <summary>One example as the model will see it: of n tokens it reads all but the last, and predicts all but the first.</summary>
/// <param name="Tokens">Token ids.</param>
/// <param name="Weights">How much predicting each token counts in the loss: <c>Weights[i]</c> belongs to <c>Tokens[i]</c> as a target; the first is 0, as nothing comes before it.</param>
public sealed record TrainingExample(int[] Tokens, float[] Weights);

using QwenSharp.Chat;
using QwenSharp.Engine;
using QwenSharp.Faults;

namespace QwenSharp.Tests;

public sealed class PromptScorerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_text_is_as_likely_as_it_is_where_it_is_generated()
    {
        await using QwenModel model = QwenModel.Load(RandomCheckpoint.Write(_folder["model.gguf"]), new() { Threads = 1 });
        int[] prompt = model.EncodePrompt("Gravity");
        TextGenerationOptions options = new()
        {
            Sampling = new SamplingOptions { Temperature = 1, TopK = 0, TopP = 1, Seed = 5 },
            MaxTokens = 8,
            Logprobs = true,
            TopLogprobs = 3,
        };
        List<TextToken> generated = await model.CompleteAsync(prompt, options, Stop).SelectMany(chunk => chunk.Tokens).ToListAsync(Stop);

        int[] whole = [.. prompt, .. generated.Select(token => token.Id)];
        IReadOnlyList<TextToken> scored = await new PromptScorer(model).ScoreAsync(whole, top: 3, cancellationToken: Stop);

        Assert.Equal(whole, scored.Select(token => token.Id));
        Assert.True(float.IsNaN(scored[0].Logprob));
        foreach ((TextToken expected, TextToken actual) in generated.Zip(scored.Skip(prompt.Length)))
        {
            // The engine keeps keys and values in F16, the scorer in F32.
            Assert.Equal(expected.Logprob, actual.Logprob, 0.01f);
            Assert.Equal(expected.Top[0].Logprob, actual.Top[0].Logprob, 0.01f);
            Assert.Equal(3, actual.Top.Count);
        }
    }

    [Fact]
    public async Task What_cannot_be_computed_is_refused()
    {
        await using QwenModel model = QwenModel.Load(RandomCheckpoint.Write(_folder["model.gguf"]), new() { Threads = 1 });
        PromptScorer scorer = new(model);

        foreach (int[] tokens in new int[][] { [], [-1], [99999], new int[5000] })
        {
            OptionException refusal =
                await Assert.ThrowsAsync<OptionException>(() => scorer.ScoreAsync(tokens, cancellationToken: Stop));
            Assert.Equal("Prompt", refusal.Fault.Option);
        }
    }
}

using QwenSharp.Models;

namespace QwenSharp.Tests;

public sealed class ModelPurposeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.gguf", Pooling.None, ModelPurpose.Text)]
    [InlineData("model.gguf", Pooling.Last, ModelPurpose.Embedding)]
    [InlineData("model.gguf", Pooling.Rank, ModelPurpose.Ranking)]
    [InlineData("Qwen3-Embedding-0.6B.gguf", Pooling.None, ModelPurpose.Embedding)]
    [InlineData("Qwen3-Reranker-0.6B.gguf", Pooling.None, ModelPurpose.Ranking)]
    [InlineData("Qwen3Guard-Gen-0.6B.gguf", Pooling.None, ModelPurpose.Safety)]
    public async Task A_model_says_what_it_was_trained_for(string file, Pooling pooling, ModelPurpose purpose)
    {
        string[]? labels = pooling == Pooling.Rank ? ["no", "yes"] : null;
        await using QwenModel model = QwenModel.Load(RandomCheckpoint.Write(_folder[file], pooling, labels), new() { Threads = 1 });

        Assert.Equal(purpose, model.Purpose);
    }
}

namespace QwenSharp.Training.Tests.Data;

public class TrainingBatchTests
{
    [Fact]
    public void Segments_end_with_the_number_of_tokens()
    {
        TrainingBatch batch = new() { Tokens = [1, 2, 3], Targets = [2, 3, -1], Weights = [1, 1, 0], Positions = [0, 1, 2], Segments = [0, 3] };
        Assert.Equal(batch.Tokens.Length, batch.Segments[^1]);
    }
}

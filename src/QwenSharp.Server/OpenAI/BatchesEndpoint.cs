using System.Text.Json;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>/v1/batches</c>.</summary>
internal sealed class BatchesEndpoint(BatchRunner? batches, OpenAIBatchForm form)
{
    public const string IdParameter = "batch";
    private static readonly TimeSpan Window = TimeSpan.FromHours(24);

    public async Task CreateAsync(HttpContext http)
    {
        BatchRunner open = Open();
        using JsonDocument body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        BatchRequest request = BatchRequest.Read(body.RootElement, form.Endpoints);
        StoredFile? file = await open.Files.FindAsync(request.InputFile, open.Seen, http.RequestAborted).ConfigureAwait(false);
        if (file is not { Purpose: "batch" })
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.OutOfRange,
                "input_file_id",
                file is null ? $"is '{Excerpt.Of(request.InputFile)}', which there is not." : "must be a file of the purpose 'batch'."));
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        Batch batch = new($"batch_{Guid.NewGuid():N}", form.Name, open.Owner, request.Endpoint, now, now + Window)
        {
            InputFile = file.Id,
            Metadata = request.Metadata,
        };
        await open.Batches.AddAsync(batch, [], http.RequestAborted).ConfigureAwait(false);
        open.Wake();
        await SendAsync(http, batch).ConfigureAwait(false);
    }

    public async Task ListAsync(HttpContext http)
    {
        BatchRunner open = Open();
        IReadOnlyList<Batch> all = await open.Batches.ListAsync(form.Name, open.Seen, http.RequestAborted).ConfigureAwait(false);
        Page<Batch> page = Pages.Of(all, batch => batch.Id, http.Request.Query, 20, 100);
        List<BatchObject> described = [];
        foreach (Batch batch in page.Data)
            described.Add(Describe(await open.Batches.CountAsync(batch, http.RequestAborted).ConfigureAwait(false)));

        Page<BatchObject> reply = new(described, page.HasMore, page.FirstId, page.LastId);
        await JsonReply.SendAsync(http, reply, OpenAIJson.Default.PageBatchObject).ConfigureAwait(false);
    }

    public async Task ShowAsync(HttpContext http) =>
        await SendAsync(http, await FindAsync(http).ConfigureAwait(false)).ConfigureAwait(false);

    public async Task CancelAsync(HttpContext http)
    {
        Batch batch = await FindAsync(http).ConfigureAwait(false);
        if (!await batches!.Batches.CancelAsync(batch.Id, http.RequestAborted).ConfigureAwait(false)
            && batch.Status != BatchStatus.Cancelling)
        {
            throw new HttpFault(
                StatusCodes.Status409Conflict,
                HttpFaultKind.Ended,
                $"The batch '{batch.Id}' is {Word(batch.Status)}, so it cannot be cancelled.");
        }

        batches.Wake();
        await SendAsync(http, await FindAsync(http).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static Task SendAsync(HttpContext http, Batch batch) =>
        JsonReply.SendAsync(http, Describe(batch), OpenAIJson.Default.BatchObject);

    private static BatchObject Describe(Batch batch)
    {
        long? Ended(BatchStatus status) => batch.Status == status ? batch.Ended?.ToUnixTimeSeconds() : null;

        BatchCounts counts = batch.Counts;
        return new BatchObject(
            batch.Id,
            batch.Endpoint,
            batch.InputFile!,
            Word(batch.Status),
            batch.Created.ToUnixTimeSeconds(),
            batch.Expires.ToUnixTimeSeconds(),
            new BatchRequestCounts(counts.Total, counts.Succeeded, counts.Errored + counts.Expired + counts.Cancelled))
        {
            Errors = batch.Errors is { } errors ? JsonSerializer.Deserialize(errors, OpenAIJson.Default.BatchErrors) : null,
            OutputFileId = batch.OutputFile,
            ErrorFileId = batch.ErrorFile,
            InProgressAt = batch.Begun?.ToUnixTimeSeconds(),
            FinalizingAt = batch.Finalizing?.ToUnixTimeSeconds(),
            CompletedAt = Ended(BatchStatus.Completed),
            FailedAt = Ended(BatchStatus.Failed),
            ExpiredAt = Ended(BatchStatus.Expired),
            CancellingAt = batch.Cancelling?.ToUnixTimeSeconds(),
            CancelledAt = Ended(BatchStatus.Cancelled),
            Metadata = batch.Metadata is { } notes ? JsonElement.Parse(notes) : null,
        };
    }

    private static string Word(BatchStatus status) => status switch
    {
        BatchStatus.Validating => "validating",
        BatchStatus.InProgress => "in_progress",
        BatchStatus.Finalizing => "finalizing",
        BatchStatus.Completed => "completed",
        BatchStatus.Failed => "failed",
        BatchStatus.Expired => "expired",
        BatchStatus.Cancelling => "cancelling",
        _ => "cancelled",
    };

    private BatchRunner Open()
    {
        BatchRunner open = batches ?? throw Stateless.Fault();
        open.Require();
        return open;
    }

    private async Task<Batch> FindAsync(HttpContext http)
    {
        BatchRunner open = Open();
        string id = (string)http.Request.RouteValues[IdParameter]!;
        return await open.Batches.FindAsync(id, open.Seen, http.RequestAborted).ConfigureAwait(false) is { } batch
            && batch.Form == form.Name
            ? batch
            : throw new HttpFault(StatusCodes.Status404NotFound, HttpFaultKind.UnknownItem, $"There is no batch '{Excerpt.Of(id)}'.");
    }
}
